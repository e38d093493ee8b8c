"""Running the commands of an attempt, one after the other."""

import shlex
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.settings import Settings
from app.executors.base import Command, Executor, Exit, Limits, OutputSink
from app.jobs.figures import Figures
from app.jobs.log_writer import LogWriter
from app.jobs.patience import patiently
from app.jobs.steps import StepBook, in_words
from app.toolchains.base import ToolCommand, ToolRun


class _AwayError(ConnectionError):
    """What runs commands is away."""

    def __init__(self, ended: Exit) -> None:
        super().__init__(ended.message)
        self.ended = ended


@dataclass(frozen=True)
class CommandRunner:
    """Runs commands in a job's folder, and notes in `book` and `figures` what came of each."""

    executor: Executor
    settings: Settings
    toolchain: str
    folder: Path
    labels: Mapping[str, str]
    #: When the last must have ended, by the monotonic clock.
    deadline: float
    #: Set when the attempt has to stop.
    stop: threading.Event
    book: StepBook
    figures: Figures

    def run(self, run: ToolRun, output: LogWriter) -> tuple[ToolCommand, Exit]:
        """Run the commands until one fails or the attempt has to stop; return the last, its end."""
        for tool in run.commands:
            output.line(f"{tool.name}: {shlex.join(tool.argv[tool.wrapper_words :])}")
            self.book.begin(tool)
            sink = _both(output.write, tool.listener) if tool.listener else output.write
            began = time.monotonic()
            ended = self._run_patiently(tool, sink)
            self.figures.ran(time.monotonic() - began, ended.usage)
            self.book.end(ended)
            output.line(f"{tool.name}: {in_words(ended)}")
            if not ended.ok:
                break
        return tool, ended

    def _run_patiently(self, tool: ToolCommand, sink: OutputSink) -> Exit:
        """Run a command; while what runs commands here is away, try again."""

        def run() -> Exit:
            ended = self.executor.run(self._command(tool), sink, self.stop)
            if ended.is_outage:
                raise _AwayError(ended)
            return ended

        try:
            return patiently(run, self.stop)
        except _AwayError as error:
            return error.ended

    def _command(self, tool: ToolCommand) -> Command:
        return Command(
            argv=tool.argv,
            cwd=self.folder,
            start_in=tool.cwd,
            env=tool.env,
            mounts=tool.mounts,
            limits=self._limits(),
            tools=self.toolchain,
            labels=self.labels,
        )

    def _limits(self) -> Limits:
        return Limits(
            wall_seconds=max(1.0, self.deadline - time.monotonic()),
            memory_bytes=self.settings.job_memory_bytes,
            processes=self.settings.job_processes,
            cpu_seconds=self.settings.job_cpu_seconds,
            output_bytes=self.settings.job_output_bytes,
            disk_bytes=self.settings.job_disk_bytes,
        )


def _both(first: OutputSink, second: OutputSink) -> OutputSink:
    def take(output: bytes) -> None:
        first(output)
        second(output)

    return take
