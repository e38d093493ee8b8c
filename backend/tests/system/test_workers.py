"""Jobs and the death of their workers: real workers, real simulations, real kills."""

from pathlib import Path

import pytest

from app.core.settings import Settings
from app.jobs.cancel import request_cancel
from app.models import JobStatus
from tests.jobs.factories import job_of
from tests.system.databases import ON_POSTGRESQL, ON_SQLITE
from tests.system.lab import ENDLESS, FAST, SHORT, Lab
from tests.system.workers import processes_below, wait_until, worker

pytestmark = pytest.mark.system


def test_a_job_runs_to_its_end(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    with worker(settings, tmp_path / "log"):
        job_id = lab.simulate(SHORT)
        lab.wait_for(job_id, JobStatus.COMPLETED)
    assert b"done" in lab.log(job_id)
    assert job_of(lab.database, job_id).verdict == "passed"


@ON_SQLITE
def test_a_job_submitted_before_there_is_a_worker_runs(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    job_id = lab.simulate(SHORT)
    with worker(settings, tmp_path / "log"):
        lab.wait_for(job_id, JobStatus.COMPLETED)


def test_the_job_of_a_killed_worker_goes_on_with_another(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log1", **FAST) as first:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        lab.replace_source(job_id, SHORT)
        first.kill()
        wait_until(lambda: not processes_below(settings.work_dir), "nothing of it is left")
    with worker(settings, tmp_path / "log2", **FAST):
        lab.wait_for(job_id, JobStatus.COMPLETED)
    assert lab.outcomes(job_id)[-1] == "completed"
    assert len(lab.outcomes(job_id)) == 2
    assert b"begun" in lab.log(job_id, 1)
    assert b"done" in lab.log(job_id, 2)


@ON_POSTGRESQL
def test_the_job_of_a_killed_pool_process_does_not_wait_for_the_end_of_its_lease(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log", A6HUB_LEASE_SECONDS="3600") as running:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        lab.replace_source(job_id, SHORT)
        running.kill_pool_processes()
        lab.wait_for(job_id, JobStatus.COMPLETED)
    assert lab.outcomes(job_id) == ["lost", "completed"]
    assert b"begun" in lab.log(job_id, 1)


@ON_SQLITE
def test_a_job_that_is_cancelled_ends_with_its_processes(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log"):
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        request_cancel(lab.context, lab.user, job_id)
        lab.wait_for(job_id, JobStatus.CANCELLED)
        assert processes_below(settings.work_dir) == []


@ON_POSTGRESQL
def test_a_worker_that_is_shut_down_hands_its_job_back(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log", WORKER_SHUTDOWN_GRACE_SECONDS="1") as running:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        running.terminate()
        lab.wait_for(job_id, JobStatus.PENDING)
    assert lab.outcomes(job_id) == ["released"]
    assert processes_below(settings.work_dir) == []


@ON_SQLITE  # and with more of them on the other
def test_all_jobs_of_a_wiped_redis_run(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    run_all_of_a_wiped_redis(5, lab, settings, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(900)
@ON_POSTGRESQL
def test_all_500_jobs_of_a_wiped_redis_run(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    run_all_of_a_wiped_redis(500, lab, settings, tmp_path)


def run_all_of_a_wiped_redis(count: int, lab: Lab, settings: Settings, tmp_path: Path) -> None:
    jobs = [lab.simulate(SHORT) for _ in range(count)]
    lab.context.broker.redis.flushall()
    with worker(settings, tmp_path / "log", **FAST):
        for part in range(5, count + 1, 5):  # a busy machine may be slow, but has to get on
            _wait_for_completed(lab, part)
    assert [lab.outcomes(job_id) for job_id in jobs] == [["completed"]] * count


def _wait_for_completed(lab: Lab, count: int) -> None:
    wait_until(lambda: lab.count(JobStatus.COMPLETED) >= count, f"{count} jobs have completed")


@pytest.mark.slow
@ON_POSTGRESQL
def test_with_the_usual_settings_a_dead_hosts_job_is_on_again_within_a_minute(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    """The other host cannot see that the processes are dead: only the lease can tell."""
    with worker(settings, tmp_path / "first", A6HUB_DATA_DIR=str(tmp_path / "a")) as first:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        with worker(settings, tmp_path / "other", A6HUB_DATA_DIR=str(tmp_path / "b")):
            first.kill_all()
            wait_until(lambda: not processes_below(tmp_path / "a"), "its tools are gone")
            lab.wait_for_output(job_id, 2)  # which waits for a minute
            request_cancel(lab.context, lab.user, job_id)
            lab.wait_for(job_id, JobStatus.CANCELLED)
    assert lab.outcomes(job_id) == ["lost", "cancelled"]
