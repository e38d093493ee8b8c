"""Attempts from claim to end, with an executor that does as it is told."""

import math
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.core.clock import utcnow
from app.executors.base import Command, Exit, Outcome
from app.executors.scripted import USAGE, ScriptedExecutor, VanishedError
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.logs import read_log
from app.jobs.outcomes import Reason
from app.jobs.states import cancel, reap
from app.models import Artifact, Job, JobStatus, Metric, Step
from app.toolchains.base import ToolResult, Verdict
from tests.jobs.doubles import ScriptedToolchain
from tests.jobs.factories import attempts_of, claim_job, status_of
from tests.jobs.scripted_worker import Worker


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


def test_a_worker_that_lost_its_lease_unnoticed_writes_nothing(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease goes while the last command ends: only the fence stands in the way."""
    monkeypatch.setattr("app.jobs.watch.TICK_SECONDS", 600)  # or it has shown a step before
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
