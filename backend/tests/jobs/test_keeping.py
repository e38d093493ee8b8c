"""Attempts that go on where the one before was interrupted."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from obstore.exceptions import BaseError as StoreError
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.executors.base import Command, Exit, Outcome
from app.executors.scripted import GOOD, USAGE, ScriptedExecutor, VanishedError
from app.jobs import attempt, keeping
from app.jobs.bench import Bench
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.keeping import StepKeeper, keep_folder
from app.jobs.logs import read_log
from app.jobs.outcomes import Loss, Reason
from app.jobs.states import lose
from app.jobs.taking import run_next
from app.jobs.watch import Halt, Watch
from app.models import Job, JobType, KeptStep, Step
from app.storage.store import Opened, Store
from app.storage.trees import get_tree, put_tree
from app.toolchains.base import ToolRun
from tests.jobs.factories import attempts_of, job_of, make_job
from tests.jobs.stepping import STEPS, SteppingToolchain, do_steps
from tests.system.workers import PATIENCE, wait_until

Doing = Callable[[Command], None]


class Worker:
    """A bench that works on one job, attempt after attempt."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.toolchain = SteppingToolchain()
        self.job_id = self.make_job()
        self.watch: Watch | None = None

    def make_job(self) -> int:
        return make_job(
            self.context.database,
            tree_digest=put_tree(self.context.store, {}),
            toolchain="stepping",
        )

    def run(self, during: Doing, end: Exit = GOOD, vanish: bool = False) -> str:
        executor = ScriptedExecutor(during=during, end=end, vanish=vanish)
        toolchains = {"stepping": self.toolchain}
        bench = Bench(self.context, executor, toolchains, "w1", self._note, threading.Event())
        return str(run_next(bench, JobType.SIMULATION)["status"])

    def interrupt(self, *steps: str) -> None:
        """Finish some steps, then be gone."""
        with pytest.raises(VanishedError):
            self.run(lambda command: self._do_and_wait(command, *steps), vanish=True)
        attempt = job_of(self.context.database, self.job_id).attempt
        with self.context.database.writing() as session:
            lose(session, Claim(self.job_id, attempt), Loss(Reason.WORKER_LOST, "Gone."), 9)

    def kept(self, attempt: int) -> list[KeptStep]:
        wanted = (KeptStep.job_id == self.job_id) & (KeptStep.attempt == attempt)
        with self.context.database.reading() as session:
            return list(session.scalars(select(KeptStep).where(wanted).order_by(KeptStep.id)))

    def steps(self, attempt: int) -> list[Step]:
        wanted = (Step.job_id == self.job_id) & (Step.attempt == attempt)
        with self.context.database.reading() as session:
            return list(session.scalars(select(Step).where(wanted).order_by(Step.ordinal)))

    def _note(self, watch: Watch) -> None:
        self.watch = watch

    def _do_and_wait(self, command: Command, *steps: str) -> None:
        attempt = job_of(self.context.database, self.job_id).attempt
        kept = len(self.kept(attempt)) + len(steps)
        do_steps(command, *steps)
        wait_until(lambda: len(self.kept(attempt)) == kept, "all is kept")
        wait_until(lambda: self._told(attempt) == kept, "all is told")

    def _told(self, attempt: int) -> int:
        return sum(step.status == "completed" for step in self.steps(attempt))


@pytest.fixture
def worker(context: Context) -> Worker:
    return Worker(context)


def test_an_attempt_is_given_what_the_one_before_finished(worker: Worker) -> None:
    worker.interrupt("a", "b")
    seen: dict[str, str] = {}

    def look(command: Command) -> None:
        for path in sorted(command.cwd.rglob("result.txt")):
            seen[path.parent.name] = path.read_text()
        do_steps(command, "c")

    assert worker.run(look) == "completed"
    assert seen == {"a": "of a", "b": "of b"}
    log = read_log(worker.context.store, worker.job_id, 2, 0, 1 << 20)
    assert b"goes on from attempt 1: after b" in log
    assert [row.step for row in worker.kept(2)] == list(STEPS)
    assert [one.tools for one in attempts_of(worker.context.database, worker.job_id)] == [
        "stepping 1",
        "stepping 1",
    ]


def test_the_third_attempt_has_the_steps_of_both_before(worker: Worker) -> None:
    worker.interrupt("a")
    worker.interrupt("b")
    assert [row.step for row in worker.kept(2)] == ["a", "b"]
    assert worker.run(lambda command: do_steps(command, "c")) == "completed"
    last = worker.toolchain.given[-1]
    assert last is not None
    assert [step.step for step in last.steps] == ["a", "b"]
    assert not last.is_chosen


def test_what_was_told_of_restored_steps_is_told_again(worker: Worker) -> None:
    worker.interrupt("a", "b")
    assert worker.run(lambda command: do_steps(command, "c")) == "completed"
    assert [step.notes["warnings"] for step in worker.steps(2)] == [["of a"], ["of b"], ["of c"]]
    assert [step.warning_count for step in worker.steps(2)] == [1, 1, 1]
    assert [step.started_at for step in worker.steps(2)[:2]] == [
        step.started_at for step in worker.steps(1)[:2]
    ]


class AwayStore(Store):
    """Is away when trees and what is in them are read for the first time."""

    def __init__(self, store: Store, on_fault: Callable[[], None] = lambda: None) -> None:
        super().__init__(store._backend)
        self.faults = ["trees", "blobs"]
        self.on_fault = on_fault

    def get(self, key: str) -> bytes:
        self._maybe_fail(key)
        return super().get(key)

    def open(self, key: str) -> Opened:
        self._maybe_fail(key)
        return super().open(key)

    def _maybe_fail(self, key: str) -> None:
        kind = key.partition("/")[0]
        if kind in self.faults:
            self.faults.remove(kind)
            self.on_fault()
            raise StoreError("away")


def test_a_store_that_is_away_when_steps_are_fetched_is_waited_for(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    worker.interrupt("a", "b")
    store = AwayStore(worker.context.store)
    store.faults = ["blobs"]  # of trees the first is that of the sources
    worker.context = replace(worker.context, store=store)
    assert worker.run(lambda command: do_steps(command, "c")) == "completed"
    assert store.faults == []
    assert [row.step for row in worker.kept(2)] == list(STEPS)


def test_a_job_that_is_cancelled_before_its_tools_begin_is_cancelled(worker: Worker) -> None:
    def cancel() -> None:
        assert worker.watch is not None
        worker.watch._halt(Halt.CANCELLED)

    worker.context = replace(worker.context, store=AwayStore(worker.context.store, cancel))
    assert worker.run(lambda command: do_steps(command, *STEPS)) == "cancelled"


def test_nothing_is_used_that_other_tools_made(worker: Worker) -> None:
    worker.interrupt("a")
    worker.toolchain.tools = "stepping 2"
    assert worker.run(lambda command: do_steps(command, *STEPS)) == "completed"
    log = read_log(worker.context.store, worker.job_id, 2, 0, 1 << 20)
    assert b"begins anew: what attempt 1 finished cannot be used here (made by stepping 1)" in log


def test_what_finishes_last_is_kept_too(worker: Worker) -> None:
    assert worker.run(lambda command: do_steps(command, *STEPS)) == "completed"
    tree = get_tree(worker.context.store, worker.kept(1)[2].tree_digest)
    assert set(tree) == {"result.txt", "done"}


def test_nothing_is_kept_for_a_job_that_is_somebody_elses(worker: Worker) -> None:
    def lose_it(command: Command) -> None:
        with worker.context.database.writing() as session:
            lose(session, Claim(worker.job_id, 1), Loss(Reason.WORKER_LOST, "Gone."), 9)
        do_steps(command, "a")

    assert worker.run(lose_it) == "lost"
    assert worker.kept(1) == []


def test_a_job_can_begin_with_the_steps_of_another(worker: Worker) -> None:
    failed = replace(GOOD, code=1)
    worker.run(lambda command: do_steps(command, "a", "b"), failed)
    other = worker.make_job()
    with worker.context.database.writing() as session:
        session.get_one(
            type(job_of(worker.context.database, other)), other
        ).continues = worker.job_id
    assert worker.run(lambda command: do_steps(command, "c")) == "completed"
    given = worker.toolchain.given[-1]
    assert given is not None
    assert given.is_chosen
    assert b"goes on from job" in read_log(worker.context.store, other, 1, 0, 1 << 20)


def test_steps_to_come_are_shown(worker: Worker) -> None:
    statuses: list[str] = []

    def look(command: Command) -> None:
        worker._do_and_wait(command, "a")
        with worker.context.database.reading() as session:
            rows = session.scalars(select(Step).order_by(Step.ordinal))
            statuses.extend(row.status for row in rows)

    worker.run(look)
    assert statuses == ["completed", "pending", "pending"]


def test_a_step_that_is_too_large_is_not_kept_nor_one_after_it(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def do(command: Command) -> None:
        do_steps(command, "a")
        (command.cwd / "run" / "b").mkdir()
        (command.cwd / "run" / "b" / "more").touch()
        do_steps(command, "b", "c")

    monkeypatch.setattr(keeping, "_MOST_FILES", 2)
    assert worker.run(do) == "completed"
    assert [row.step for row in worker.kept(1)] == ["a"]


def test_a_store_that_is_away_costs_no_step(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, faults = keep_folder, [StoreError("away"), StoreError("away")]

    def keep(*given: Any) -> tuple[str, int]:
        if faults:
            raise faults.pop()
        return real(*given)

    monkeypatch.setattr(keeping, "keep_folder", keep)
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    assert worker.run(lambda command: do_steps(command, *STEPS)) == "completed"
    assert len(worker.kept(1)) == 3


def test_steps_that_cannot_be_kept_cost_no_result(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> tuple[str, int]:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(keeping, "keep_folder", fail)
    assert worker.run(lambda command: do_steps(command, *STEPS)) == "completed"


def test_a_result_does_not_wait_for_steps_when_the_jobs_time_is_over(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr(keeping, "keep_folder", lambda *_: never.wait())
    monkeypatch.setattr(attempt, "KEEPING_SECONDS", 0)
    with worker.context.database.writing() as session:
        session.get_one(Job, worker.job_id).max_seconds = 1
    assert worker.run(lambda command: do_steps(command, *STEPS)) == "completed"
    never.set()


def test_a_cancelled_job_keeps_what_it_finished(worker: Worker) -> None:
    def cancel(command: Command) -> None:
        do_steps(command, "a")
        assert worker.watch is not None
        worker.watch.halt = None

    stopped = Exit(Outcome.STOPPED, USAGE)
    worker.run(cancel, stopped)
    assert [row.step for row in worker.kept(1)] == ["a"]


def test_all_steps_together_may_hold_what_the_jobs_folder_may(context: Context) -> None:
    settings = context.settings.model_copy(update={"job_disk_bytes": 9})
    worker = Worker(replace(context, settings=settings))
    assert worker.run(lambda command: do_steps(command, *STEPS)) == "completed"
    assert [row.step for row in worker.kept(1)] == ["a", "b"]


def test_a_step_whose_folder_goes_meanwhile_is_not_kept(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, gone = threading.Event(), threading.Event()
    real = keep_folder

    def keep(*given: Any) -> tuple[str, int]:
        reading.set()
        assert gone.wait(PATIENCE)
        folder = given[1] / given[2]
        folder.mkdir(parents=True)
        (folder / "left").touch()  # the rest is removed already
        return real(*given)

    def lose_it(command: Command) -> None:
        do_steps(command, "a")
        assert reading.wait(PATIENCE)
        assert worker.watch is not None
        worker.watch.halt = Halt.LOST  # and nobody has taken the job yet

    monkeypatch.setattr(keeping, "keep_folder", keep)
    assert worker.run(lose_it) == "lost"
    gone.set()
    for thread in threading.enumerate():
        if thread.name == "keeper":
            thread.join()
    assert worker.kept(1) == []


def test_a_beginning_whose_commit_had_no_answer_is_made_again(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.interrupt("a", "b")
    monkeypatch.setattr("app.jobs.patience.RETRY_SECONDS", 0.01)
    real, faults = StepKeeper.begin, [True]

    def begin(keeper: StepKeeper, run: ToolRun, restored: Sequence[KeptStep] = ()) -> None:
        with monkeypatch.context() as lost:
            if faults:
                lost.setattr(keeper._thread, "start", lambda: _no_answer(faults))
            real(keeper, run, restored)

    monkeypatch.setattr(StepKeeper, "begin", begin)
    assert worker.run(lambda command: do_steps(command, "c")) == "completed"
    assert [row.step for row in worker.kept(2)] == list(STEPS)


def _no_answer(faults: list[bool]) -> None:
    faults.clear()
    raise OperationalError("COMMIT", {}, Exception("server closed the connection"))
