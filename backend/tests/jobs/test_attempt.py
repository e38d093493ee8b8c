"""Attempts from claim to end, with an executor that does as it is told."""

import math
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.db.engine import Database
from app.executors.base import Command, Exit, Outcome, OutputSink
from app.executors.ending import not_started
from app.executors.scripted import USAGE, ScriptedExecutor, VanishedError
from app.jobs.artifacts import keep_artifacts
from app.jobs.bench import Bench
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.logs import read_log
from app.jobs.outcomes import Reason
from app.jobs.shown_steps import ShownSteps
from app.jobs.states import cancel, reap
from app.jobs.taking import run_next
from app.jobs.watch import Watch
from app.models import Artifact, Job, JobStatus, JobType, Metric, Step
from app.storage.blobs import put_blob
from app.storage.store import Store
from app.storage.trees import TreeFile, put_tree
from app.toolchains.base import CollectedFile, Earlier, StepReport, StepStatus, ToolResult, Verdict
from tests.jobs.doubles import ScriptedRun, ScriptedToolchain
from tests.jobs.factories import attempts_of, claim_job, job_of, make_job, status_of


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
        assert self.executor.started.wait(20)

    def join(self) -> str:
        self._thread.join(30)
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


def test_a_good_job_is_completed_with_all_that_belongs_to_it(context: Context) -> None:
    metrics = {"cells": 12, "slack": math.inf, "drc": 0.5}
    result = ToolResult(True, Verdict.PASSED, "All is well.", metrics=metrics)
    worker = Worker(context, ScriptedExecutor(), ScriptedToolchain(result))
    assert worker.run() == "completed"
    job = worker.job
    assert (job.status, job.verdict, job.message) == ("completed", "passed", "All is well.")
    assert (job.current_step, job.reason) == ("Simulation Complete", None)
    steps = [(s.ordinal, s.step, s.name, s.status, s.seconds) for s in worker.rows(Step)]
    assert steps == [
        (1, "one", "Step One", "completed", 0.5),
        (2, "two", "Step Two", "completed", 0.5),
    ]
    used = [(s.cpu_seconds, s.peak_memory_bytes, s.exit_code) for s in worker.rows(Step)]
    assert used == [(0.25, 1 << 20, 0)] * 2
    assert {m.name: float(m.value) for m in worker.rows(Metric)} == metrics
    (artifact,) = worker.rows(Artifact)
    assert (artifact.name, artifact.size) == ("made.txt", 4)
    assert context.store.get(artifact.key) == b"made"
    assert worker.log().count(b"hello\n") == 2
    assert [a.outcome for a in attempts_of(context.database, worker.job_id)] == ["completed"]


def test_nothing_is_left_on_the_disk(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor())
    worker.run()
    assert list(context.settings.work_dir.iterdir()) == []


def test_the_job_sees_a_copy_of_its_revision(context: Context) -> None:
    seen: list[str] = []

    def look(command: Command) -> None:
        seen.append((command.cwd / "source/top.v").read_text())

    Worker(context, ScriptedExecutor(during=look)).run()
    assert seen[0] == "module top; endmodule"


def test_a_message_delivered_twice_runs_once(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor())
    worker.run()
    assert worker.run() == "nothing to do"
    assert len(worker.executor.commands) == 2
    assert len(attempts_of(context.database, worker.job_id)) == 1


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.TIMED_OUT, Reason.TIMED_OUT),
        (Outcome.CPU_TIME, Reason.TIMED_OUT),
        (Outcome.OUTPUT_LIMIT, Reason.OUTPUT_LIMIT),
        (Outcome.OUT_OF_MEMORY, Reason.OUT_OF_MEMORY),
        (Outcome.DISK_FULL, Reason.DISK_FULL),
        (Outcome.SIGNALLED, Reason.TOOL_FAILED),
        (Outcome.NOT_STARTED, Reason.INTERNAL),
    ],
)
def test_each_fault_has_its_reason_and_keeps_what_there_is(
    context: Context, outcome: Outcome, reason: Reason
) -> None:
    worker = Worker(context, ScriptedExecutor(Exit(outcome, USAGE)))
    assert worker.run() == "failed"
    job = worker.job
    assert (job.status, job.reason) == ("failed", reason)
    assert job.message
    assert [s.status for s in worker.rows(Step)] == ["failed"]
    assert [a.name for a in worker.rows(Artifact)] == ["made.txt"]
    assert b"hello\n" in worker.log()


def test_a_failing_tool_ends_the_job_with_its_message(context: Context) -> None:
    result = ToolResult(False, Verdict.FAILED, "top.v:3: syntax error", "tool_failed")
    executor = ScriptedExecutor(Exit(Outcome.EXITED, USAGE, code=2))
    worker = Worker(context, executor, ScriptedToolchain(result))
    assert worker.run() == "failed"
    assert worker.job.message == "top.v:3: syntax error"
    assert len(executor.commands) == 1


def test_bad_input_names_the_field(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor(), ScriptedToolchain(bad_input=True))
    assert worker.run() == "failed"
    assert worker.job.reason == Reason.BAD_INPUT
    assert worker.job.message == "top: there is no module 'chip'."


def test_a_fault_of_ours_is_told_without_a_traceback(context: Context) -> None:
    def burst(_: Command) -> None:
        raise RuntimeError("injected")

    worker = Worker(context, ScriptedExecutor(during=burst))
    assert worker.run() == "failed"
    assert worker.job.reason == Reason.INTERNAL
    assert b"Traceback" not in worker.log()
    assert "injected" not in (worker.job.message or "")


def test_a_running_job_is_cancelled(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor(hold=True))
    worker.start()
    with context.database.writing() as session:
        cancel(session, session.get_one(Job, worker.job_id))
    assert worker.watch is not None
    worker.watch.nudge()
    assert worker.join() == "cancelled"
    job = worker.job
    assert (job.status, job.reason) == ("cancelled", Reason.CANCELLED)
    assert b"hello\n" in worker.log()


def test_a_worker_that_lost_its_lease_stops_and_writes_nothing(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor(hold=True))
    worker.start()
    _lose_lease(context, worker.job_id)
    winner = claim_job(context.database, worker.job_id, "w2")
    assert worker.watch is not None
    worker.watch.nudge()
    assert worker.join() == "lost"
    job = worker.job
    assert (job.status, job.attempt, job.worker) == ("running", winner.attempt, "w2")
    assert worker.rows(Artifact) == []


def test_a_worker_that_lost_its_lease_unnoticed_writes_nothing(context: Context) -> None:
    """The lease goes while the last command ends: only the fence stands in the way."""
    worker = Worker(context, ScriptedExecutor())

    def lose(_: Command) -> None:
        _lose_lease(context, worker.job_id)

    worker.executor.during = lose
    assert worker.run() == "lost"
    assert status_of(context.database, worker.job_id) is JobStatus.PENDING
    assert worker.rows(Artifact) == []
    assert worker.rows(Metric) == []
    assert worker.rows(Step) == []


def test_a_shut_down_worker_hands_its_job_back(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor(hold=True))
    worker.start()
    assert worker.watch is not None
    worker.watch.shut_down()
    assert worker.join() == "released"
    assert worker.job.status == JobStatus.PENDING
    assert [a.outcome for a in attempts_of(context.database, worker.job_id)] == ["released"]


def test_the_job_of_a_worker_that_vanishes_is_run_by_another(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor(vanish=True))
    with pytest.raises(VanishedError):
        worker.run()
    assert worker.job.status == "running"
    _lose_lease(context, worker.job_id)
    worker.executor.vanish = False
    assert worker.run() == "completed"
    assert [a.outcome for a in attempts_of(context.database, worker.job_id)] == [
        "lost",
        "completed",
    ]


def test_a_slow_job_is_stopped_in_the_midst_of_it(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor(slow=3600))
    worker.start()
    assert worker.watch is not None
    worker.watch.shut_down()
    assert worker.join() == "released"


class FlakyDatabase(Database):
    """Is away for the first calls."""

    def __init__(self, database: Database, failures: int) -> None:
        self.engine, self._writing = database.engine, database._writing
        self.failures = failures

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self.failures -= 1
        if self.failures >= 0:
            raise OperationalError("injected", {}, Exception("injected"))
        with super().writing() as session:
            yield session


def test_a_database_that_is_away_when_a_message_comes_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    flaky = replace(context, database=FlakyDatabase(context.database, failures=3))
    assert Worker(flaky, ScriptedExecutor(), job_in=context).run() == "completed"


def test_what_a_job_made_is_not_followed(context: Context, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")

    def plant(command: Command) -> None:
        run = command.cwd / "run"
        if (run / "link").is_symlink():
            return
        (run / "link").symlink_to(secret)
        os.link(secret, run / "hard")
        os.mkfifo(run / "fifo")
        (run / "folder").symlink_to(tmp_path)

    worker = Worker(context, ScriptedExecutor(during=plant))
    assert worker.run() == "completed"
    assert [a.name for a in worker.rows(Artifact)] == ["made.txt"]


def test_texts_that_no_table_takes_cost_no_result(context: Context) -> None:
    odd, mended = "a\0b\ud800", "a\ufffdb\ufffd"
    result = ToolResult(True, Verdict.PASSED, odd, metrics={"m": odd}, details={odd: [odd, 1]})
    worker = Worker(context, ScriptedExecutor(), ScriptedToolchain(result))
    assert worker.run() == "completed"
    assert (worker.job.message, worker.job.details) == (mended, {mended: [mended, 1]})
    assert [metric.value for metric in worker.rows(Metric)] == [mended]


def test_steps_say_what_tables_take(context: Context) -> None:
    mine = claim_job(context.database, make_job(context.database))
    odd = StepReport("A.One", "One", StepStatus.FAILED, errors=("a\0b\ud800",))
    with context.database.writing() as session:
        ShownSteps(mine).write(session, [odd])
    with context.database.reading() as session:
        assert session.scalars(select(Step)).one().notes["errors"] == ["a\ufffdb\ufffd"]


def test_a_name_longer_than_the_table_holds_is_left_out(context: Context, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    files = [CollectedFile(tmp_path / "a", name * 1024, "other") for name in ("x", "xy")]
    kept = keep_artifacts(context.store, Claim(1, 1), tmp_path, files)
    assert [artifact.name for artifact in kept] == ["x" * 1024]


class FlakyStore(Store):
    """Fails its first calls as a store does that is away."""

    def __init__(self, store: Store, failures: int) -> None:
        super().__init__(store._backend)
        self.failures = failures

    def put_open_file(self, key: str, file: Any) -> None:
        self._maybe_fail()
        super().put_open_file(key, file)

    def get(self, key: str) -> bytes:
        self._maybe_fail()
        return super().get(key)

    def _maybe_fail(self) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise ConnectionError("injected")


def test_a_store_that_is_away_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    flaky = replace(context, store=FlakyStore(context.store, failures=3))
    worker = Worker(flaky, ScriptedExecutor())
    assert worker.run() == "completed"
    assert [a.name for a in worker.rows(Artifact)] == ["made.txt"]


def _lose_lease(context: Context, job_id: int) -> None:
    """Have another process take the job away, as the reaper does once the lease has run out."""
    with context.database.writing() as session:
        job = session.get_one(Job, job_id)
        past = utcnow() - timedelta(seconds=1)
        session.execute(update(Job).where(Job.id == job_id).values(lease_until=past))
        reap(session, Claim(job_id, job.attempt), max_attempts=3)


def test_a_folder_that_cannot_be_made_is_told_and_costs_no_more_attempts(
    context: Context, tmp_path: Path
) -> None:
    (tmp_path / "work").write_text("a file in the way")
    worker = Worker(context, ScriptedExecutor())
    assert worker.run() == "failed"
    assert worker.job.reason == Reason.INTERNAL
    assert "disk cannot be used" in (worker.job.message or "")
    assert worker.executor.commands == []


def test_its_row_keeps_what_it_tells_of_itself(context: Context) -> None:
    worker = Worker(context, ScriptedExecutor(output=b"hello\n" * 100))
    assert worker.run() == "completed"
    figures = attempts_of(context.database, worker.job_id)[0].figures
    assert figures["executor"] == "scripted"
    assert figures["commands"] == len(worker.executor.commands) > 0
    assert figures["log_bytes"] == len(read_log(context.store, worker.job_id, 1, 0, 1 << 20))
    assert figures["outages"] == figures["store_errors"] == {}


def test_an_engine_that_is_away_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    executor = _Away()
    worker = Worker(context, executor)
    assert worker.run() == "completed"
    assert executor.faults == 0
    assert [one.outcome for one in attempts_of(context.database, worker.job_id)] == ["completed"]


class _Away(ScriptedExecutor):
    """Is away three times."""

    faults = 3

    def run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        if self.faults:
            self.faults -= 1
            return not_started("The engine does not answer.", is_outage=True)
        return super().run(command, output, stop)


def test_what_is_away_while_a_job_is_prepared_is_waited_for(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    toolchain = _ToldLate()
    worker = Worker(context, ScriptedExecutor(), toolchain)
    assert worker.run() == "completed"
    assert toolchain.faults == 0


class _ToldLate(ScriptedToolchain):
    """Cannot ask twice what it has."""

    faults = 2

    def prepare(
        self, config: Mapping[str, Any], workdir: Path, earlier: Earlier | None = None
    ) -> ScriptedRun:
        if self.faults:
            self.faults -= 1
            raise ConnectionError("The engine does not answer.")
        return super().prepare(config, workdir, earlier)
