"""Why a run failed, in the words of the tool that did."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.toolchains.files import read_text
from app.toolchains.librelane import console as consoles
from app.toolchains.librelane.alerts import Alerts, alerts_in
from app.toolchains.librelane.ending import Ending
from app.toolchains.librelane.findings import Failure
from app.toolchains.librelane.flow_log import FlowLog
from app.toolchains.librelane.hints import hint_for
from app.toolchains.librelane.run_directory import StepFolder

_MOST_TEXT = 600
_MOST_TEXTS = 4
_MARKS = ("Traceback", "ERROR", "Error", "%Error")
#: What LibreLane says around a tool's words.
_AROUND = re.compile(
    r"Subprocess had a non-zero exit|Last \d+ line|Full log file: "
    r"|The following deferred step errors have been"
)
#: The steps whose logs tell what a checker has found.
_CHECKED = {
    "Checker.LintErrors": "Verilator.Lint",
    "Checker.LintTimingConstructs": "Verilator.Lint",
    "Checker.LintWarnings": "Verilator.Lint",
    "Checker.YosysSynthChecks": "Yosys.Synthesis",
    "Checker.YosysUnmappedCells": "Yosys.Synthesis",
}


class Trouble:
    """Looks for words in all the places where they can be."""

    def __init__(
        self, run: Path, steps: Sequence[StepFolder], log: FlowLog, console: str, exit_code: int
    ) -> None:
        self.exit_code = exit_code
        self._run = run
        self._steps = steps
        self._log = log
        self._console = console

    def failure(self, ending: Ending) -> Failure:
        """Return what a run that did not come to its end failed of."""
        if ending.step is None:
            message = self._said() or self._why_no_end()
        else:
            message = next(filter(None, self._words(ending)), self._no_words())
        folder = ending.folder.folder if ending.folder else None
        hint = hint_for(ending.step, message)
        return Failure(ending.step, ending.name, message[:_MOST_TEXT], hint, folder)

    def errors(self) -> str:
        """Return the first of what LibreLane noted as errors."""
        return _joined(_plain(read_text(self._run, "error.log").splitlines()))

    def _words(self, ending: Ending) -> Iterable[str]:
        folder = ending.folder
        if folder is not None and not folder.is_checker:
            yield _joined(alerts_in(self._run, folder.folder).errors)
        noted = self._noted(ending)
        if noted is None:
            yield self.errors()
        elif noted:
            yield _joined([*noted, *self._found_by(ending.step or "")])
        yield self._said()
        if folder is not None:
            yield self._last_lines(folder)

    def _noted(self, ending: Ending) -> list[str] | None:
        """Return what LibreLane noted as errors while the step ran; None if flow.log has no step.

        error.log alone has them of all steps, and of earlier runs in the same directory.
        """
        session = self._log.last
        if session is None or session.steps[-1].step != ending.step:
            return None
        last = session.steps[-1]
        return _plain(self._log.errors_in(last)) or last.last_words

    def _found_by(self, checker: str) -> list[str]:
        """Return the words of the tool that a checker looked at."""
        tool = _CHECKED.get(checker)
        folders = [step.folder for step in self._steps if step.step == tool]
        alerts = alerts_in(self._run, folders[-1]) if folders else Alerts()
        return list(alerts.errors or alerts.warnings)

    def _said(self) -> str:
        return (consoles.errors(self._console) or _last_error(self._console))[:_MOST_TEXT]

    def _last_lines(self, folder: StepFolder) -> str:
        log = read_text(self._run, f"{folder.folder}/{folder.slug}.log")
        return _last_error(log)

    def _why_no_end(self) -> str:
        if self.exit_code == 0:
            after = f"after {self._steps[-1].name}" if self._steps else "to a first step"
            return f"it did not go on {after}."
        return f"it ended with status {self.exit_code} and left no results; its log tells why."

    def _no_words(self) -> str:
        return "it left neither a result nor an error; it was interrupted, or only printed why."


def _plain(lines: Iterable[str]) -> list[str]:
    """Return the lines that are a tool's or a checker's own, each once."""
    texts = dict.fromkeys(line.strip() for line in lines if not _AROUND.match(line))
    return [text for text in texts if text and not text.endswith("- deferred")]


def _joined(texts: Iterable[str]) -> str:
    """Return the first texts and the last: a compiler's first error counts, a flow's last one."""
    every = list(texts)
    return "\n".join(every if len(every) <= _MOST_TEXTS else [*every[: _MOST_TEXTS - 1], every[-1]])


def _last_error(text: str) -> str:
    """Return the text from its last line that looks like an error on."""
    lines = text.strip().splitlines()
    marked = [number for number, line in enumerate(lines) if line.lstrip().startswith(_MARKS)]
    return "\n".join(lines[marked[-1] :])[:_MOST_TEXT] if marked else ""
