"""Jobs are held back in maintenance and on drained workers; running ones can be taken back."""

import pytest

from app.core.errors import ConflictError, MaintenanceError, NotFoundError
from app.executors.scripted import ScriptedExecutor
from app.jobs.again import retry
from app.jobs.context import Context
from app.jobs.holds import (
    begin_maintenance,
    drain,
    end_maintenance,
    refuse_in_maintenance,
    undrain,
)
from app.jobs.outcomes import Ending
from app.jobs.presence import Reporter, workers
from app.jobs.requeue import requeue
from app.jobs.states import cancel, extend, finish
from app.jobs.turns import Taker, claim_next
from app.models import Job, JobStatus, JobType, User
from tests.jobs.factories import (
    attempts_of,
    claim_job,
    has_message,
    job_of,
    make_job,
    status_of,
)


def begins(context: Context, station: str) -> bool:
    taker = Taker(f"{station}/9", "task", 30, 5, station)
    return claim_next(context.database, JobType.SIMULATION, taker) is not None


def drained(context: Context) -> list[str]:
    with context.database.reading() as session:
        return [one.report.name for one in workers(session) if one.is_draining]


@pytest.fixture
def reporters(context: Context) -> list[Reporter]:
    both = [Reporter(name, ScriptedExecutor()) for name in ("host:1", "host:12")]
    for reporter in both:
        reporter.report(context.database)
    return both


def test_in_maintenance_no_job_begins_until_it_is_over(context: Context) -> None:
    job_id = make_job(context.database)
    begin_maintenance(context.database, "New disks.")
    assert not begins(context, "host:1")
    assert status_of(context.database, job_id) is JobStatus.PENDING
    end_maintenance(context.database)
    assert begins(context, "host:1")


def test_in_maintenance_no_job_is_run_again(context: Context) -> None:
    job_id = make_job(context.database)
    with context.database.writing() as session:
        job = session.get_one(Job, job_id)
        cancel(session, job)
        user = session.get_one(User, job.user_id)
    begin_maintenance(context.database, "New disks.")
    with pytest.raises(MaintenanceError, match=r"New disks\."):
        retry(context, user, job_id)


def test_maintenance_is_on_once(context: Context) -> None:
    begin_maintenance(context.database, "First.")
    with pytest.raises(ConflictError):
        begin_maintenance(context.database, "Second.")
    with context.database.reading() as session, pytest.raises(MaintenanceError, match="First"):
        refuse_in_maintenance(session)
    end_maintenance(context.database)
    with pytest.raises(ConflictError):
        end_maintenance(context.database)


@pytest.mark.usefixtures("reporters")
def test_a_drained_worker_begins_nothing_and_others_do(context: Context) -> None:
    make_job(context.database)
    for _ in range(2):
        drain(context.database, "host:1")
    assert drained(context) == ["host:1"]
    assert not begins(context, "host:1")
    assert begins(context, "host:12")
    make_job(context.database)
    undrain(context.database, "host:1")
    assert begins(context, "host:1")
    with pytest.raises(ConflictError, match="not drained"):
        undrain(context.database, "host:1")


@pytest.mark.usefixtures("reporters")
def test_whoever_drains_an_unknown_worker_is_told_the_names(context: Context) -> None:
    with pytest.raises(NotFoundError, match="Workers: host:1, host:12"):
        drain(context.database, "host")


def test_a_worker_that_has_gone_leaves_no_drain(
    context: Context, reporters: list[Reporter]
) -> None:
    drain(context.database, "host:1")
    reporters[0].leave(context.database)
    make_job(context.database)
    assert begins(context, "host:1")


@pytest.mark.usefixtures("reporters")
def test_the_jobs_of_a_worker_are_those_of_its_processes(context: Context) -> None:
    first, second, third = (make_job(context.database) for _ in range(3))
    claim_job(context.database, first, "host:1/7")
    claim_job(context.database, second, "host:12/7")
    claim_job(context.database, third, "host:1/8")
    with context.database.reading() as session:
        jobs = {one.report.name: one.jobs for one in workers(session)}
    assert jobs == {"host:1": (first, third), "host:12": (second,)}


def test_a_job_that_is_taken_from_its_worker_waits_again(context: Context) -> None:
    job_id = make_job(context.database)
    mine = claim_job(context.database, job_id, "host:1/7")
    assert requeue(context, job_id) == "host:1/7"
    assert status_of(context.database, job_id) is JobStatus.PENDING
    assert has_message(context.database, job_id)
    assert [one.outcome for one in attempts_of(context.database, job_id)] == ["released"]
    with context.database.writing() as session:
        assert extend(session, mine, 30) is None
        assert not finish(session, mine, Ending(JobStatus.COMPLETED, "Too late."))


def test_a_job_to_be_cancelled_is_cancelled_when_it_is_taken(context: Context) -> None:
    job_id = make_job(context.database)
    claim_job(context.database, job_id)
    with context.database.writing() as session:
        cancel(session, session.get_one(Job, job_id))
    requeue(context, job_id)
    assert job_of(context.database, job_id).status == JobStatus.CANCELLED


def test_what_does_not_run_cannot_be_taken(context: Context) -> None:
    with pytest.raises(NotFoundError):
        requeue(context, 77)
    job_id = make_job(context.database)
    with pytest.raises(ConflictError, match="waits already"):
        requeue(context, job_id)
