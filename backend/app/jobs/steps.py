"""The steps of an attempt: what the toolchain reports, or else its commands themselves."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, delete, insert
from sqlalchemy.orm import Session

from app.db.base import table_of
from app.executors.base import Exit, Outcome
from app.jobs.states import Claim, set_current_step
from app.models import Step
from app.toolchains.base import StepReport, StepStatus, Toolchain, ToolCommand


class StepBook:
    """Knows the steps so far. Written by the attempt's thread, read by its watch."""

    def __init__(self, toolchain: Toolchain, job_folder: Path) -> None:
        self._toolchain = toolchain
        self._folder = job_folder
        self._commands: list[StepReport] = []

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
        reported = self._toolchain.progress(self._folder)
        return reported if reported is not None else self._commands


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


def show_steps(session: Session, mine: Claim, steps: list[StepReport]) -> bool:
    """Replace a running attempt's steps; False when the job is not ours (any more)."""
    if steps and not set_current_step(session, mine, steps[-1].name):
        return False
    replace_steps(session, mine, steps)
    return True


def replace_steps(session: Session, mine: Claim, steps: list[StepReport]) -> None:
    """Replace the attempt's steps; whoever calls it has seen that the job is ours."""
    session.execute(_DELETE, {"job": mine.job_id, "number": mine.attempt})
    rows = [_row(mine, ordinal, step) for ordinal, step in enumerate(steps, start=1)]
    if rows:
        session.execute(_INSERT, rows)


_steps = table_of(Step)
_DELETE = delete(_steps).where(
    _steps.c.job_id == bindparam("job"), _steps.c.attempt == bindparam("number")
)
_INSERT = insert(_steps)


def _row(mine: Claim, ordinal: int, step: StepReport) -> dict[str, Any]:
    started = step.started_at
    return {
        "job_id": mine.job_id,
        "attempt": mine.attempt,
        "ordinal": ordinal,
        "step": step.step,
        "name": step.name,
        "status": step.status,
        "started_at": datetime.fromtimestamp(started, UTC) if started is not None else None,
        "seconds": step.seconds,
        "cpu_seconds": step.cpu_seconds,
        "peak_memory_bytes": step.peak_memory_bytes,
        "disk_bytes": step.disk_bytes,
        "exit_code": step.exit_code,
    }
