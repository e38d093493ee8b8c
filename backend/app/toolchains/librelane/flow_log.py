"""What LibreLane itself says of a run: flow.log, warning.log and error.log.

flow.log holds what is in the other two as well, all of them without levels. A line belongs to the
step that was last said to run (not to one that is a part of it), and is a warning when warning.log
has the same line. The logs are appended to: each start of a flow in the same directory is a
session, which begins with 'Starting…'.

    Starting…
    Running 'OpenROAD.Floorplan' at 'runs/build/13-openroad-floorplan'…      (before 2.3: no 'at')
    [STA-0366] port 'clk' not found.
    Flow complete.
"""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.toolchains.librelane.log_tail import Tail
from app.toolchains.librelane.run_directory import StepFolder, is_interactive
from app.toolchains.librelane.step_names import slugified

_MOST_TEXTS = 1000
_MOST_BEGUN = 5000
_START = re.compile(r"Starting(…|\.\.\.)")
_RUNNING = re.compile(r"Running '([^']{1,150})'(?: at (.+))?")
_FOLDER = re.compile(r"\d{1,4}-[a-z0-9_-]{1,150}")
_END = ("Flow complete.", "Saving views to ", "Saving final views to ")
_EXIT = "Subprocess had a non-zero exit"
_EXIT_LINES = re.compile(r"Last \d+ line\(s\):")
_EXIT_END = "Full log file: "
_MOST_WORDS = 50
DEFERRED = "- deferred"
#: What these find is said only at the flow's end; here only that they found nothing.
_SILENT = frozenset(f"Checker.{name}Violations" for name in ("Setup", "Hold", "MaxSlew", "MaxCap"))
#: Steps that run others, whose ids tell that they are parts where no folder does.
_PARTS = {
    "OpenROAD.RepairAntennas": ("DiodeInsertion", "OpenROAD.CheckAntennas"),
    "Odb.DiodesOnPorts": (
        *("Odb.PortDiodePlacement", "OpenROAD.DetailedPlacement", "OpenROAD.GlobalRouting"),
    ),
    "Odb.HeuristicDiodeInsertion": (
        *("Odb.FuzzyDiodePlacement", "OpenROAD.DetailedPlacement", "OpenROAD.GlobalRouting"),
    ),
}
#: Goes on with what the line before began.
_CONTINUED = re.compile(r"\s|[*-] ")


@dataclass
class LoggedStep:
    """A step in a session, its folder if that is said, and how often each line was logged."""

    step: str
    folder: str | None
    lines: Counter[str] = field(default_factory=Counter)
    #: What a program printed last that ended with an error, without what LibreLane says around it.
    last_words: list[str] = field(default_factory=list)
    _is_quoting: bool = False

    def take(self, line: str) -> None:
        """Note a line."""
        if line.startswith(_EXIT):
            self.last_words, self._is_quoting = [], True
        elif not self._is_quoting:
            if len(self.lines) < _MOST_TEXTS:
                self.lines[line] += 1
        elif line.startswith(_EXIT_END):
            self._is_quoting = False
        elif line.strip() and not _EXIT_LINES.match(line) and len(self.last_words) < _MOST_WORDS:
            self.last_words.append(line.strip())

    @property
    def is_silent(self) -> bool:
        """Whether it is over and found something of which it says nothing itself."""
        return self.step in _SILENT and not any(line.startswith("No ") for line in self.lines)

    def is_of(self, step: StepFolder) -> bool:
        """Return whether a folder is this step's; where only the id is said, it may be older."""
        return self.folder == step.folder if self.folder else slugified(self.step) == step.slug


@dataclass
class Session:
    """One start of a flow: what it ran, and whether it came to its end."""

    ran: list[LoggedStep] = field(default_factory=list)
    ended: bool = False

    def begin(self, step: str, place: str | None) -> None:
        """Note that a step runs, unless it is a part of the one that runs already."""
        above, folder = _ends(place)
        last = self.ran[-1] if self.ran else None
        if last is not None and folder and last.folder:
            is_part = above == last.folder
        else:
            is_part = last is not None and step in _PARTS.get(last.step, ())
        if not is_part:
            self.ran.append(LoggedStep(step, folder))

    @property
    def steps(self) -> list[LoggedStep]:
        """The flow's steps; none if somebody only looked at the run."""
        return [one for one in self.ran if not is_interactive(one.step)]


class FlowLog:
    """The three logs of a run, read on where they were left."""

    def __init__(self, run: Path) -> None:
        self.sessions: list[Session] = []
        self.warnings: set[str] = set()
        self.errors: set[str] = set()
        self._begun = 0
        self._flow = Tail(run, "flow.log")
        self._sets = (
            (Tail(run, "warning.log"), self.warnings),
            (Tail(run, "error.log"), self.errors),
        )

    def read(self, ended: bool) -> "FlowLog":
        """Take in what was appended; `ended`: nothing will be. Returns itself."""
        # flow.log first: LibreLane writes each line into it last.
        for line in self._flow.lines(ended):
            self._take(line)
        for tail, found in self._sets:
            found.update(line for line in tail.lines(ended) if len(found) < _MOST_TEXTS)
        return self

    @property
    def last(self) -> Session | None:
        """The last session that was more than a look at the run."""
        return next((one for one in reversed(self.sessions) if one.steps), None)

    def _take(self, line: str) -> None:
        running = _RUNNING.match(line) if self._begun < _MOST_BEGUN else None
        starting = _START.fullmatch(line) and self._begun < _MOST_BEGUN
        if starting or not self.sessions:
            self.sessions.append(Session())
        self._begun += bool(running or starting)
        session = self.sessions[-1]
        if running:
            session.begin(running[1], running[2])
        elif line.startswith(_END):
            session.ended = True
        elif session.ran:
            session.ran[-1].take(line)

    def of(self, steps: list[StepFolder]) -> dict[str, LoggedStep]:
        """Return what was logged while the steps ran, by their folders."""
        logged = [one for session in self.sessions for one in session.steps]
        named = {one.folder: one for one in logged if one.folder}
        found = {one.folder: named[one.folder] for one in steps if one.folder in named}
        unnamed: dict[str, list[LoggedStep]] = {}
        for one in reversed(logged):
            if not one.folder:
                unnamed.setdefault(slugified(one.step), []).append(one)
        for step in steps:
            if step.folder not in found and unnamed.get(step.slug):
                found[step.folder] = unnamed[step.slug].pop()
        return found

    def identified(self, steps: list[StepFolder]) -> list[StepFolder]:
        """Return the steps, with their ids by the log where their own notes are not kept."""
        nameless = {step.folder for step in steps if step.step == step.slug}
        logged = self.of(steps) if nameless else {}
        return [
            replace(step, step=logged[step.folder].step)
            if step.folder in nameless & logged.keys()
            else step
            for step in steps
        ]

    def deferred(self, session: Session) -> list[LoggedStep]:
        """Return the checkers that found something and let the flow go on."""
        *before, last = session.steps
        found = [one for one in before if one.is_silent or self.says_deferred(one)]
        return [*found, last] if self.says_deferred(last) else found

    def says_deferred(self, step: LoggedStep) -> bool:
        """Return whether a checker said that the flow may go on with what it found."""
        return any(text.endswith(DEFERRED) for text in self.errors_in(step))

    def warnings_in(self, step: LoggedStep) -> Counter[str]:
        """Return the warnings that were logged while a step ran, with how often."""
        return _texts(step.lines, self.warnings)

    def errors_in(self, step: LoggedStep) -> Counter[str]:
        """Return the errors that were logged while a step ran, without its last words."""
        return _texts(step.lines, self.errors)


def _ends(place: str | None) -> tuple[str, str | None]:
    """Return the last two names of a path as flow.log has it, the second if it is a step's."""
    above, _, name = (place or "").strip(" '.…").rpartition("/")
    return above.rpartition("/")[2], name if _FOLDER.fullmatch(name) else None


def _texts(lines: Counter[str], wanted: set[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    last = None
    for line, count in lines.items():
        if line not in wanted or not line.strip():
            continue
        if last is not None and _CONTINUED.match(line):
            found[f"{last} {line.strip()}"] = found.pop(last)
            last = f"{last} {line.strip()}"
        else:
            last = line.strip()
            found[last] += count
    return found
