"""Harder cases than one kill: frozen workers, deploys, limits, messages delivered twice."""

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.core.settings import Settings
from app.jobs.again import retry
from app.jobs.cancel import request_cancel
from app.jobs.context import Context
from app.models import Artifact, JobStatus
from tests.jobs.factories import attempts_of, job_of
from tests.system.lab import ENDLESS, FAST, SHORT, Lab
from tests.system.workers import Worker, processes_below, wait_until, worker

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
#: Ends by itself when a file of this name is in the job's folder.
WAITS = """
module tb;
  integer file;
  initial begin
    $display("begun");
    $fflush;
    file = 0;
    while (file == 0) begin file = $fopen("go", "r"); #1 ; end
    $display("done");
    $finish;
  end
endmodule
"""


def let_go(settings: Settings) -> None:
    """Let all jobs that run WAITS end."""
    for folder in settings.work_dir.glob("*/job/source"):
        (folder / "go").write_text("")


def is_between_transactions(lab: Lab, frozen: Worker) -> bool:
    """Return whether a frozen worker is in no transaction; one that is goes on a little."""
    query = text(
        "SELECT state FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    with lab.database.reading() as session:
        states = session.scalars(query).all()
    if "idle in transaction" in states:
        frozen.thaw()
        frozen.freeze()
    return not states


def test_a_frozen_worker_that_wakes_up_writes_nothing_and_kills_what_it_ran(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "first", **FAST) as first:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        lab.replace_source(job_id, SHORT)
        first.freeze()
        wait_until(partial(is_between_transactions, lab, first), "it holds no lock")
        with worker(settings, tmp_path / "second", A6HUB_DATA_DIR=str(tmp_path / "b"), **FAST):
            lab.wait_for(job_id, JobStatus.COMPLETED)
        before = job_of(lab.database, job_id).ended_at
        first.thaw()
        wait_until(lambda: not processes_below(settings.work_dir), "its tools are gone")
        wait_until(lambda: b"status=lost" in first.log.read_bytes(), "it has noticed")
    assert lab.outcomes(job_id) == ["lost", "completed"]
    assert job_of(lab.database, job_id).ended_at == before
    assert b"done" in lab.log(job_id, 2)


def test_a_job_whose_process_is_killed_each_time_is_given_up(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log", A6HUB_LEASE_SECONDS="3600") as running:
        job_id = lab.simulate(ENDLESS)
        for attempt in (1, 2, 3):
            lab.wait_for_output(job_id, attempt)
            running.kill_pool_processes()
        lab.wait_for(job_id, JobStatus.FAILED)
    assert lab.outcomes(job_id) == ["lost", "lost", "lost"]
    assert job_of(lab.database, job_id).reason == "worker_lost"
    assert processes_below(settings.work_dir) == []


def test_a_job_that_fits_into_the_grace_period_ends_before_the_worker(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log", WORKER_SHUTDOWN_GRACE_SECONDS="60") as running:
        job_id = lab.simulate(WAITS)
        lab.wait_for_output(job_id)
        running.ask_to_go()
        wait_until(lambda: b"Warm shutdown" in running.log.read_bytes(), "it is going")
        later = lab.simulate(SHORT)
        let_go(settings)
        assert running.wait_gone() == 0
    assert lab.outcomes(job_id) == ["completed"]
    assert lab.outcomes(later) == []


def test_handing_back_does_not_use_up_an_attempt_and_another_worker_goes_on(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    grace = {"WORKER_SHUTDOWN_GRACE_SECONDS": "0", "MAX_ATTEMPTS": "1"}
    with worker(settings, tmp_path / "first", **grace) as first:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        with worker(settings, tmp_path / "second", **grace):
            first.terminate()
            lab.wait_for_output(job_id, 2)
            request_cancel(lab.context, lab.user, job_id)
            lab.wait_for(job_id, JobStatus.CANCELLED)
    assert lab.outcomes(job_id) == ["released", "cancelled"]


def test_pool_processes_are_recycled_between_jobs(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log", "--max-tasks-per-child=2"):
        jobs = [lab.simulate(SHORT) for _ in range(9)]
        for job_id in jobs:
            lab.wait_for(job_id, JobStatus.COMPLETED)
    tries = [attempts_of(lab.database, job_id) for job_id in jobs]
    assert [len(attempts) for attempts in tries] == [1] * 9
    assert len({attempts[0].worker for attempts in tries}) >= 4


def test_at_its_time_limit_a_job_ends_with_what_it_has(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    source = ENDLESS.replace(
        '$display("begun");', '$dumpfile("w.vcd"); $dumpvars; $display("begun");'
    )
    with worker(settings, tmp_path / "log"):
        for seconds in (2, 10, 50):  # on a busy machine the tool may not have begun in two
            job_id = lab.simulate(source, max_seconds=seconds)
            lab.wait_for(job_id, JobStatus.FAILED)
            if b"begun" in lab.log(job_id):
                break
    assert processes_below(settings.work_dir) == []
    assert job_of(lab.database, job_id).reason == "timed_out"
    assert b"begun" in lab.log(job_id)
    with lab.database.reading() as session:
        names = set(session.scalars(select(Artifact.name).where(Artifact.job_id == job_id)))
    assert any(name.endswith("w.vcd") for name in names)


def test_a_message_that_is_delivered_again_while_its_job_runs_starts_nothing(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    app = {"CELERY_APP": "tests.system.short_visibility"}
    with worker(settings, tmp_path / "log", **app) as running:
        job_id = lab.simulate(WAITS)
        lab.wait_for_output(job_id)
        again = b"'status': 'nothing to do'"
        wait_until(lambda: again in running.log.read_bytes(), "the message comes again")
        let_go(settings)
        lab.wait_for(job_id, JobStatus.COMPLETED)
    assert lab.outcomes(job_id) == ["completed"]


def test_a_running_job_is_cancelled_without_redis(
    lab: Lab, settings: Settings, tmp_path: Path, context: Context
) -> None:
    """The plain context's broker is away: nothing but the heartbeat can tell."""
    with worker(settings, tmp_path / "log", **FAST):
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        request_cancel(context, lab.user, job_id)
        lab.wait_for(job_id, JobStatus.CANCELLED)
    assert processes_below(settings.work_dir) == []


def test_a_job_that_ended_is_retried(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    with worker(settings, tmp_path / "log"):
        first = lab.simulate(SHORT)
        lab.wait_for(first, JobStatus.COMPLETED)
        again = retry(lab.context, lab.user, first)
        lab.wait_for(again.id, JobStatus.COMPLETED)
    assert again.retry_of == first
    assert again.revision_id == job_of(lab.database, first).revision_id
