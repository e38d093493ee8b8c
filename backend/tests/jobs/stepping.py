"""A toolchain whose command leaves a folder for each step, and which can go on after any of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.executors.base import Command
from app.toolchains.base import (
    RUN,
    Earlier,
    FinishedStep,
    StepReport,
    StepStatus,
    ToolCommand,
    ToolResult,
    Verdict,
)
from tests.jobs.doubles import AnyConfig

STEPS = ("a", "b", "c")


@dataclass
class SteppingToolchain(AnyConfig):
    """What each attempt was given is in `given`."""

    name: str = "stepping"
    job_type: str = "simulation"
    tools: str = "stepping 1"
    given: list[Earlier | None] = field(default_factory=list)

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> "SteppingRun":
        self.given.append(earlier)
        (workdir / RUN).mkdir()
        steps = earlier.steps if earlier and earlier.tools == self.tools else ()
        for step in steps:
            earlier.fetch(step)  # type: ignore[union-attr]  # else there are no steps
        return SteppingRun(workdir, self.tools, steps)


@dataclass
class SteppingRun:
    """One of its runs. A step is over when its folder has a file `done`."""

    workdir: Path
    tools: str
    restored: Sequence[FinishedStep]
    commands: Sequence[ToolCommand] = (ToolCommand("flow", "Flow", ("flow",)),)

    def progress(self) -> list[StepReport]:
        """A step that was restored has no warnings: they were in a log that is not kept."""
        done = {step.step: step.folder for step in self.finished()}
        statuses = {True: StepStatus.COMPLETED, False: StepStatus.PENDING}
        reports = {step: StepReport(step, f"Step {step}", statuses[step in done]) for step in STEPS}
        for step in done.keys() - {one.step for one in self.restored}:
            warnings = (f"of {step}",)
            reports[step] = replace(reports[step], warnings=warnings, warning_count=1)
        return [replace(one, folder=done.get(one.step)) for one in reports.values()]

    def finished(self) -> list[FinishedStep]:
        folders = ((step, f"{RUN}/{step}") for step in STEPS)
        return [FinishedStep(*one) for one in folders if (self.workdir / one[1] / "done").exists()]

    def collect(self, last: ToolCommand, exit_code: int) -> ToolResult:
        return ToolResult(True, Verdict.PASSED, "All is well.")


def do_steps(command: Command, *steps: str) -> None:
    """Leave what the steps leave."""
    for step in steps:
        folder = command.cwd / RUN / step
        folder.mkdir(exist_ok=True)
        (folder / "result.txt").write_text(f"of {step}")
        (folder / "done").touch()
