"""A toolchain that does as it is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.toolchains.base import (
    RUN,
    BadInputError,
    CollectedFile,
    StepReport,
    ToolCommand,
    ToolResult,
    Verdict,
)


class ScriptedToolchain:
    """Two commands; keeps every file in run/ as an artifact."""

    name = "scripted"
    job_type = "simulation"

    def __init__(self, result: ToolResult | None = None, bad_input: bool = False) -> None:
        self.result = result or ToolResult(True, Verdict.PASSED, "All is well.")
        self.bad_input = bad_input

    def validate(self, config: Mapping[str, Any], paths: list[str]) -> dict[str, Any]:
        return dict(config)

    def prepare(self, config: Mapping[str, Any], workdir: Path) -> list[ToolCommand]:
        if self.bad_input:
            raise BadInputError("top", "there is no module 'chip'.")
        (workdir / RUN).mkdir()
        (workdir / RUN / "made.txt").write_text("made")
        return [ToolCommand("one", "Step One", ("one",)), ToolCommand("two", "Step Two", ("two",))]

    def progress(self, workdir: Path) -> list[StepReport] | None:
        return None

    def collect(
        self, config: Mapping[str, Any], workdir: Path, last: ToolCommand, exit_code: int
    ) -> ToolResult:
        made = sorted((workdir / RUN).iterdir()) if (workdir / RUN).is_dir() else []
        files = tuple(CollectedFile(path, path.name, "other") for path in made)
        r = self.result
        return ToolResult(r.ok, r.verdict, r.message, r.reason, r.metrics, files)
