"""A toolchain that does as it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.toolchains.base import (
    RUN,
    BadInputError,
    CollectedFile,
    Earlier,
    FinishedStep,
    ReadFile,
    StepReport,
    ToolCommand,
    ToolResult,
    Verdict,
)
from app.toolchains.needs import Needs


class AnyConfig:
    """The part of a toolchain that takes any config, and needs no more than itself."""

    name: str

    def validate(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> dict[str, Any]:
        return dict(config)

    def needs(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> Needs:
        return Needs(self.name)


class ScriptedToolchain(AnyConfig):
    """Two commands; keeps every file in run/ as an artifact."""

    name = "scripted"
    job_type = "simulation"

    def __init__(self, result: ToolResult | None = None, bad_input: bool = False) -> None:
        self.result = result or ToolResult(True, Verdict.PASSED, "All is well.")
        self.bad_input = bad_input

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> "ScriptedRun":
        if self.bad_input:
            raise BadInputError("top", "there is no module 'chip'.")
        (workdir / RUN).mkdir()
        (workdir / RUN / "made.txt").write_text("made")
        commands = [
            ToolCommand("one", "Step One", ("one",)),
            ToolCommand("two", "Step Two", ("two",)),
        ]
        return ScriptedRun(self, workdir, commands)


class ScriptedRun:
    """One of its runs."""

    tools = ""
    restored: Sequence[FinishedStep] = ()

    def __init__(
        self, toolchain: ScriptedToolchain, workdir: Path, commands: Sequence[ToolCommand]
    ) -> None:
        self.commands = commands
        self._toolchain = toolchain
        self._workdir = workdir

    def progress(self) -> list[StepReport] | None:
        return None

    def finished(self) -> list[FinishedStep]:
        return []

    def collect(self, last: ToolCommand, exit_code: int) -> ToolResult:
        run = self._workdir / RUN
        made = sorted(run.iterdir()) if run.is_dir() else []
        files = tuple(CollectedFile(path, path.name, "other") for path in made)
        return replace(self._toolchain.result, files=files)
