"""A worker whose executor and toolchain do as they are told."""

import threading
from typing import Any

from sqlalchemy import select

from app.executors.scripted import ScriptedExecutor
from app.jobs.bench import Bench
from app.jobs.context import Context
from app.jobs.logs import read_log
from app.jobs.taking import run_next
from app.jobs.watch import Watch
from app.models import Job, JobType
from app.storage.blobs import put_blob
from app.storage.trees import TreeFile, put_tree
from tests.jobs.doubles import ScriptedToolchain
from tests.jobs.factories import job_of, make_job
from tests.system.workers import PATIENCE


class Worker:
    """A bench with doubles, and the attempt it runs in a thread."""

    def __init__(
        self,
        context: Context,
        executor: ScriptedExecutor,
        toolchain: ScriptedToolchain | None = None,
        job_in: Context | None = None,
    ) -> None:
        self.context = context
        self.executor = executor
        self.watch: Watch | None = None
        tree = {"top.v": TreeFile(put_blob(context.store, b"module top; endmodule"), 21)}
        self.job_id = make_job(
            (job_in or context).database,
            tree_digest=put_tree(context.store, tree),
            toolchain="scripted",
        )
        self.going = threading.Event()
        toolchains = {"scripted": toolchain or ScriptedToolchain()}
        self.bench = Bench(context, executor, toolchains, "w1", self._note, self.going)
        self.summary: dict[str, Any] = {}
        self._thread = threading.Thread(target=self.run)

    def _note(self, watch: Watch) -> None:
        self.watch = watch

    def run(self) -> str:
        self.summary = run_next(self.bench, JobType.SIMULATION)
        return str(self.summary["status"])

    def start(self) -> None:
        self._thread.start()
        assert self.executor.started.wait(PATIENCE)

    def join(self) -> str:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return str(self.summary["status"])

    @property
    def job(self) -> Job:
        return job_of(self.context.database, self.job_id)

    def log(self, attempt: int = 1) -> bytes:
        return read_log(self.context.store, self.job_id, attempt, 0, 1 << 20)

    def rows(self, table: Any) -> list[Any]:
        with self.context.database.reading() as session:
            query = select(table).where(table.job_id == self.job_id).order_by(table.id)
            return list(session.scalars(query))
