"""The toolchain interface: a job's files and config go in, commands and results come out.

A job's folder (`workdir`) looks the same for every toolchain:

    source/    the revision's files, as the user named them
    run/       everything the tools write
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from app.executors.base import Mount, OutputSink

SOURCE = "source"
RUN = "run"


class BadInputError(Exception):
    """The job cannot be run as asked. `field` names what is wrong; the text says how to mend it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class StepStatus(enum.StrEnum):
    """Where a step stands."""

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
    metrics: Mapping[str, float | int | str] = field(default_factory=dict)
    files: tuple[CollectedFile, ...] = ()


class Toolchain(Protocol):
    """Knows one tool family."""

    name: str  # 'icarus', 'librelane'
    job_type: str  # 'build' or 'simulation'

    def validate(self, config: Mapping[str, Any], paths: list[str]) -> dict[str, Any]:
        """Return `config` complete with defaults for a revision holding the files `paths`.

        Raises BadInputError naming the field. Called when a job is submitted: is fast and touches
        no file.
        """
        ...

    def prepare(self, config: Mapping[str, Any], workdir: Path) -> list[ToolCommand]:
        """Make `run/` and return the commands, to be run in order until one fails.

        Raises BadInputError.
        """
        ...

    def progress(self, workdir: Path) -> list[StepReport] | None:
        """Return the steps so far in order, or None when the commands themselves are the steps."""
        ...

    def collect(
        self, config: Mapping[str, Any], workdir: Path, last: ToolCommand, exit_code: int
    ) -> ToolResult:
        """Read the result after `last`, the last command that ran, ended with `exit_code`."""
        ...
