"""Files and texts of a job that are not as one would have them."""

import os
from pathlib import Path

from sqlalchemy import select

from app.executors.base import Command
from app.executors.scripted import ScriptedExecutor
from app.jobs.artifacts import keep_artifacts
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.shown_steps import ShownSteps
from app.models import Artifact, Metric, Step
from app.toolchains.base import CollectedFile, StepReport, StepStatus, ToolResult, Verdict
from tests.jobs.doubles import ScriptedToolchain
from tests.jobs.factories import claim_job, make_job
from tests.jobs.scripted_worker import Worker


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
    odd = StepReport("A.One", "One", StepStatus.FAILED, started_at=1e15, errors=("a\0b\ud800",))
    with context.database.writing() as session:
        ShownSteps(mine).write(session, [odd])
    with context.database.reading() as session:
        step = session.scalars(select(Step)).one()
    assert (step.notes["errors"], step.started_at) == (["a\ufffdb\ufffd"], None)


def test_a_result_that_no_table_takes_is_our_fault_and_no_reason_to_try_again(
    context: Context,
) -> None:
    result = ToolResult(True, Verdict.PASSED, "Good.", details={"no JSON": object()})
    worker = Worker(context, ScriptedExecutor(), ScriptedToolchain(result))
    assert worker.run() == "failed"
    assert (worker.job.reason, worker.job.verdict, worker.job.attempt) == ("internal", None, 1)
    assert worker.rows(Artifact) == []


def test_a_name_longer_than_the_table_holds_is_left_out(context: Context, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    files = [CollectedFile(tmp_path / "a", name * 1024, "other") for name in ("x", "xy")]
    kept = keep_artifacts(context.store, Claim(1, 1), tmp_path, files)
    assert [artifact.name for artifact in kept] == ["x" * 1024]
