"""A worker's app whose jobs do nothing, and a bare task that does nothing (`benchmarks.queue`).

All that a6hub does for a job is done (turn, claim, lease, folder, log, artifacts, fenced end), but
the command: there an executor double only notes the time.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from celery import Task
from kombu import Exchange, Queue

from app.executors.base import Command
from app.executors.scripted import ScriptedExecutor
from app.jobs.bench import Bench
from app.jobs.broker import make_redis
from app.models import JobType
from app.toolchains.base import (
    Earlier,
    FinishedStep,
    ReadFile,
    StepReport,
    ToolCommand,
    ToolResult,
    ToolRun,
    Verdict,
)
from app.toolchains.needs import Needs
from app.workers import bench, lifecycle, tasks
from app.workers.celery_app import celery_app, settings

BARE_QUEUE = "bare"
BARE_TASK = "benchmarks.bare"
#: Redis list: when commands and bare tasks have begun, in seconds of the epoch.
STARTS = "benchmark:starts"

_redis = make_redis(settings)


class NoOp:
    """A toolchain of one command that does nothing."""

    name = "icarus"  # in the place of the simulations' own
    job_type = JobType.SIMULATION.value

    def validate(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> dict[str, Any]:
        """See Toolchain.validate."""
        return dict(config)

    def needs(
        self, config: Mapping[str, Any], paths: list[str], read: ReadFile | None = None
    ) -> Needs:
        """See Toolchain.needs."""
        return Needs(self.name)

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> ToolRun:
        """See Toolchain.prepare."""
        return NoOpRun()


class NoOpRun:
    """See ToolRun."""

    commands = (ToolCommand("nothing", "Nothing", ("true",)),)
    tools = ""
    restored = ()

    def progress(self) -> list[StepReport] | None:
        """See ToolRun.progress."""
        return None

    def finished(self) -> list[FinishedStep]:
        """See ToolRun.finished."""
        return []

    def collect(self, last: ToolCommand, exit_code: int) -> ToolResult:
        """See ToolRun.collect."""
        return ToolResult(True, Verdict.PASSED, "Nothing was done.")


def note_start(_: Command | None = None) -> None:
    """Note that something begins now."""
    _redis.rpush(STARTS, time.time())


@lru_cache
def get_idle_bench() -> Bench:
    """Return the real bench of this process with a command that does nothing."""
    real = bench.get_bench()
    executor = ScriptedExecutor(during=note_start)
    return replace(real, executor=executor, toolchains={NoOp.name: NoOp()})


@celery_app.task(name=BARE_TASK, bind=True)
def bare(self: Task[[], None]) -> None:
    """Do nothing, as a task of plain Celery."""
    note_start()


for module in (tasks, lifecycle):
    module.get_bench = get_idle_bench  # type: ignore[attr-defined]  # they have imported it
celery_app.conf.task_queues = [
    *celery_app.conf.task_queues,
    Queue(BARE_QUEUE, Exchange(BARE_QUEUE, type="direct"), routing_key=BARE_QUEUE),
]
celery_app.conf.task_routes = {
    **celery_app.conf.task_routes,
    BARE_TASK: {"queue": BARE_QUEUE, "routing_key": BARE_QUEUE},
}
app = celery_app
