"""The toolchain interface: a job's files and config go in, commands and results come out.

A job's folder (`workdir`) looks the same for every toolchain:

    source/    the revision's files, as the user named them
    run/       everything the tools write
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Protocol

from app.executors.base import Mount, OutputSink
from app.toolchains.needs import Needs

#: Returns the content of a file of the revision, by its path.
ReadFile = Callable[[str], bytes]

SOURCE = "source"
RUN = "run"


class BadInputError(Exception):
    """The job cannot be run as asked. `field` names what is wrong; the text says how to mend it.

    `more` are other fields with their texts, if several are wrong.
    """

    def __init__(self, field: str, message: str, more: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.more = tuple(more)


class StepStatus(enum.StrEnum):
    """Where a step stands."""

    PENDING = "pending"  # to come
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Verdict(enum.StrEnum):
    """What the tools found, apart from whether they ran."""

    CLEAN = "clean"  # build: no violations
    VIOLATIONS = "violations"  # build: finished, with DRC, LVS or timing violations
    PASSED = "passed"  # simulation
    FAILED = "failed"


@dataclass(frozen=True)
class ToolCommand:
    """One command of a job, started in `cwd`, a folder relative to the workdir.

    `argv` speaks of the job's files by paths relative to `cwd`.
    """

    step: str  # the step's id: 'compile', 'run', 'librelane'
    name: str  # the step's name for people: 'Compile'
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    cwd: str = "."
    #: How many words at the beginning of argv are only a wrapper, which people need not see.
    wrapper_words: int = 0
    #: Is given the output as it comes, so that nobody has to keep it for collect(). It must be fast
    #: and small whatever it is given: the tool waits for it.
    listener: OutputSink | None = None


#: A metric's value. Infinity and NaN are values that flows report.
Value = float | int | str


@dataclass(frozen=True)
class StepReport:
    """One step as progress() sees it. Times are seconds; `started_at` is a Unix time or None."""

    step: str
    name: str
    status: StepStatus
    started_at: float | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    #: What the job's folder held at the step's end.
    disk_bytes: int | None = None
    #: The status of its program; 128 + the number of a signal that ended it.
    exit_code: int | None = None
    #: Where its files are, below the job's folder; None if it has no folder of its own.
    folder: str | None = None
    #: How many warnings and errors its tools gave, and the first of them.
    warning_count: int = 0
    error_count: int = 0
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    #: What it changed: a metric's value before (None: there was none) and after.
    metric_changes: Mapping[str, tuple[Value | None, Value]] = field(default_factory=dict)


@dataclass(frozen=True)
class FinishedStep:
    """A step whose folder will not change any more. `folder` is below the job's folder."""

    step: str
    folder: str


@dataclass(frozen=True)
class Earlier:
    """The finished steps of an attempt that was interrupted, or of the job that this one continues.

    `tools` is what ToolRun.tools said there. `fetch` writes a step's files into the job's folder,
    where they were; it raises OSError or ValueError when they are not all there.
    """

    tools: str
    steps: tuple[FinishedStep, ...]
    fetch: Callable[[FinishedStep], None]
    #: Where this attempt's tools find the job's folder; the earlier ones may have had another.
    inside: PurePath
    #: The user chose to begin with them: to begin anew would be no substitute.
    is_chosen: bool = False


@dataclass(frozen=True)
class CollectedFile:
    """A file to keep as an artifact."""

    path: Path  # absolute, a regular file inside the workdir
    name: str  # the artifact's path in the job: 'final/gds/top.gds'
    kind: str  # 'gds', 'def', 'netlist', 'picture', 'report', 'log', 'waveform', 'other'


@dataclass(frozen=True)
class ToolResult:
    """What a job came to. `reason` is None unless failed; `message` is a sentence for people."""

    ok: bool
    verdict: Verdict
    message: str
    reason: str | None = None  # 'tool_failed', 'bad_input', 'output_limit'
    metrics: Mapping[str, Value] = field(default_factory=dict)
    files: tuple[CollectedFile, ...] = ()
    #: What else is known, as JSON: see app.schemas.results.
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """How to repeat a job by hand, in a folder that holds its files in source/."""

    #: Lines for a POSIX shell that starts in that folder.
    script: str
    #: Other files for the folder: path -> text.
    files: Mapping[str, str]
    #: What has to be installed, in Markdown, for people.
    needs: str


class ToolRun(Protocol):
    """One attempt's work, prepared."""

    @property
    def commands(self) -> Sequence[ToolCommand]:
        """The commands, to be run in order until one fails."""
        ...

    @property
    def tools(self) -> str:
        """Which tools do it, in words: only with the same can an attempt go on where it stopped.

        Empty if it always has to begin anew.
        """
        ...

    @property
    def restored(self) -> Sequence[FinishedStep]:
        """The steps that are there already, from `earlier`."""
        ...

    def progress(self) -> list[StepReport] | None:
        """Return the steps in order, also those to come; None when the commands are the steps."""
        ...

    def finished(self) -> list[FinishedStep]:
        """Return the steps to keep for a next attempt, in order; none if it could not use them."""
        ...

    def collect(self, last: ToolCommand, exit_code: int) -> ToolResult:
        """Read the result after `last`, the last command that ran, ended with `exit_code`."""
        ...


class Toolchain(Protocol):
    """Knows one tool family."""

    name: str  # 'icarus', 'librelane'
    job_type: str  # 'build' or 'simulation'

    def validate(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> dict[str, Any]:
        """Return `config` complete with defaults for a revision holding the files `paths`.

        Raises BadInputError naming the field. Called when a job is submitted: is fast. `read`, if
        it is given, is used to look into files that say how to run it.
        """
        ...

    def needs(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> Needs:
        """Return what a worker has to have for a config that validate() has returned."""
        ...

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> ToolRun:
        """Make `run/` ready, beginning with what `earlier` finished if it can be used.

        Raises BadInputError; ConnectionError while something is away, and then may be tried again.
        """
        ...
