"""Doubles that inject faults: an executor and a toolchain that do as they are told."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.executors.base import Command, Exit, Outcome, OutputSink, Usage
from app.toolchains.base import (
    RUN,
    BadInputError,
    CollectedFile,
    StepReport,
    ToolCommand,
    ToolResult,
    Verdict,
)

USAGE = Usage(wall_seconds=0.5, cpu_seconds=0.25, peak_memory_bytes=1 << 20)
GOOD = Exit(Outcome.EXITED, USAGE, code=0)


class ScriptedExecutor:
    """Prints, then ends as it is told.

    `hold`: waits after printing until it is told to stop, or until `let_go` is set.
    `during`: called while the command 'runs'.
    """

    name = "scripted"

    def __init__(
        self,
        end: Exit = GOOD,
        *,
        output: bytes = b"hello\n",
        hold: bool = False,
        during: Callable[[Command], None] | None = None,
    ) -> None:
        self.end = end
        self.output = output
        self.hold = hold
        self.during = during
        self.started = threading.Event()
        self.let_go = threading.Event()
        self.commands: list[Command] = []

    def run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        self.commands.append(command)
        output(self.output)
        if self.during is not None:
            self.during(command)
        self.started.set()
        while self.hold and not self.let_go.is_set():
            if stop.wait(0.02):
                return Exit(Outcome.STOPPED, USAGE)
        return self.end

    def protections(self) -> dict[str, bool]:
        return {}


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
