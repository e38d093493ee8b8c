"""The steps of an attempt: what the toolchain reports, or else its commands themselves."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.executors.base import Exit, Outcome
from app.toolchains.base import StepReport, StepStatus, ToolCommand, ToolRun


@dataclass(frozen=True)
class Told:
    """What an earlier attempt told of a step that its restored files do not say any more."""

    started_at: float | None
    warning_count: int
    error_count: int
    warnings: tuple[str, ...]
    errors: tuple[str, ...]

    def complete(self, step: StepReport) -> StepReport:
        """Return the step as it was: copies of files have other times, LibreLane's logs are new."""
        if self.started_at is not None:
            step = replace(step, started_at=self.started_at)
        if self.warning_count > step.warning_count:
            step = replace(step, warning_count=self.warning_count, warnings=self.warnings)
        if self.error_count > step.error_count:
            step = replace(step, error_count=self.error_count, errors=self.errors)
        return step


class StepBook:
    """Knows the steps so far. Written by the attempt's thread, read by its watch."""

    def __init__(self) -> None:
        self._run: ToolRun | None = None
        self._told: Mapping[str, Told] = {}
        self._commands: list[StepReport] = []

    def open(self, run: ToolRun, told: Mapping[str, Told]) -> None:
        """Note that the work is prepared; `told`: of restored steps, by their folders."""
        self._run, self._told = run, told

    def begin(self, command: ToolCommand) -> None:
        """Note that a command starts."""
        report = StepReport(command.step, command.name, StepStatus.RUNNING, time.time())
        self._commands = [*self._commands, report]

    def end(self, ended: Exit) -> None:
        """Note how the command that was begun last has ended."""
        status = StepStatus.COMPLETED if ended.ok else StepStatus.FAILED
        last = replace(
            self._commands[-1],
            status=status,
            seconds=ended.usage.wall_seconds,
            cpu_seconds=ended.usage.cpu_seconds,
            peak_memory_bytes=ended.usage.peak_memory_bytes,
            disk_bytes=ended.usage.disk_bytes,
            exit_code=_exit_code(ended),
        )
        self._commands = [*self._commands[:-1], last]

    def steps(self) -> list[StepReport]:
        """Return the steps so far, in order."""
        reported = self._run.progress() if self._run else None
        if reported is None:
            return self._commands
        return [self._as_told(step) for step in reported] if self._told else reported

    def _as_told(self, step: StepReport) -> StepReport:
        told = self._told.get(step.folder or "")
        return step if told is None else told.complete(step)


def in_words(ended: Exit) -> str:
    """Return how a command ended and what it used: 'status 0, 1.2 s, CPU 1.1 s, memory 31 MiB'."""
    used, code = ended.usage, _exit_code(ended)
    words = [
        f"status {code}" if ended.outcome is Outcome.EXITED else ended.outcome.replace("_", " "),
        f"{used.wall_seconds:.1f} s",
        f"CPU {used.cpu_seconds:.1f} s" if used.cpu_seconds is not None else "",
        f"memory {used.peak_memory_bytes >> 20} MiB" if used.peak_memory_bytes else "",
        f"folder {used.disk_bytes >> 10} KiB" if used.disk_bytes is not None else "",
    ]
    return ", ".join(filter(None, words))


def _exit_code(ended: Exit) -> int | None:
    return 128 + ended.signal if ended.signal is not None else ended.code


def current_step(steps: list[StepReport]) -> str | None:
    """Return the name of the step that runs or ran last."""
    begun = [step.name for step in steps if step.status is not StepStatus.PENDING]
    return begun[-1] if begun else None
