"""The transitions, on both databases; each fenced write is tried by one that lost its lease."""

import threading

import pytest

from app.core.errors import ConflictError
from app.db.engine import Database
from app.jobs.claims import Claim
from app.jobs.outcomes import Ending, Reason
from app.jobs.states import cancel, claim, expired, extend, finish, reap, release, set_current_step
from app.models import Job, JobStatus
from tests.jobs.factories import (
    attempts_of,
    claim_job,
    has_message,
    job_of,
    make_job,
    status_of,
)

DONE = Ending(JobStatus.COMPLETED, "All tests passed.", verdict="passed")


def test_a_claim_takes_a_pending_job_and_its_message(database: Database) -> None:
    job_id = make_job(database)
    assert has_message(database, job_id)
    mine = claim_job(database, job_id)
    job = job_of(database, job_id)
    assert (mine, job.status, job.attempt, job.worker) == (Claim(job_id, 1), "running", 1, "w1")
    assert job.lease_until is not None
    assert job.started_at is not None
    assert not has_message(database, job_id)
    assert [(a.number, a.worker, a.outcome) for a in attempts_of(database, job_id)] == [
        (1, "w1", None)
    ]


def test_the_id_of_a_deleted_job_is_no_others(database: Database) -> None:
    job_id = make_job(database)
    with database.writing() as session:
        session.delete(session.get_one(Job, job_id))
    assert make_job(database) > job_id


def test_a_job_is_claimed_once(database: Database) -> None:
    job_id = make_job(database)
    claim_job(database, job_id)
    with database.writing() as session:
        assert claim(session, job_id, "w2", 30) is None
        assert claim(session, 999, "w2", 30) is None


def test_of_many_that_claim_at_once_one_gets_the_job(database: Database) -> None:
    job_id = make_job(database)
    barrier = threading.Barrier(8)
    got: list[Claim] = []

    def try_it(name: str) -> None:
        barrier.wait()
        with database.writing() as session:
            mine = claim(session, job_id, name, 30)
        if mine is not None:
            got.append(mine)

    threads = [threading.Thread(target=try_it, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [Claim(job_id, 1)]


def test_finish_ends_job_and_attempt(database: Database) -> None:
    job_id = make_job(database)
    mine = claim_job(database, job_id)
    with database.writing() as session:
        assert finish(session, mine, DONE)
    job = job_of(database, job_id)
    assert (job.status, job.verdict, job.message) == ("completed", "passed", DONE.message)
    assert job.lease_until is None
    assert job.ended_at is not None
    (attempt,) = attempts_of(database, job_id)
    assert attempt.outcome == "completed"
    assert attempt.ended_at is not None


def test_a_lost_lease_makes_the_job_pending_again_and_locks_the_loser_out(
    database: Database,
) -> None:
    job_id = make_job(database)
    loser = claim_job(database, job_id, lease=-1)
    with database.writing() as session:
        assert expired(session) == [loser]
        assert reap(session, loser, max_attempts=3) is JobStatus.PENDING
    assert status_of(database, job_id) is JobStatus.PENDING
    assert has_message(database, job_id)
    winner = claim_job(database, job_id, "w2")
    assert winner.attempt == 2
    with database.writing() as session:
        assert extend(session, loser, 30) is None
        assert not set_current_step(session, loser, "Routing")
        assert not finish(session, loser, DONE)
        assert not release(session, loser, "gone")
    job = job_of(database, job_id)
    assert (job.status, job.worker, job.current_step) == ("running", "w2", None)
    assert [a.outcome for a in attempts_of(database, job_id)] == ["lost", None]


def test_a_lease_extended_in_time_is_not_reaped(database: Database) -> None:
    job_id = make_job(database)
    mine = claim_job(database, job_id, lease=-1)
    with database.writing() as session:
        assert extend(session, mine, 30) is False
        assert reap(session, mine, max_attempts=3) is None
        assert expired(session) == []
    assert status_of(database, job_id) is JobStatus.RUNNING


def test_a_job_is_given_up_after_max_attempts_lost(database: Database) -> None:
    job_id = make_job(database)
    statuses = []
    for _ in range(3):
        mine = claim_job(database, job_id, lease=-1)
        with database.writing() as session:
            statuses.append(reap(session, mine, max_attempts=3))
    assert statuses == [JobStatus.PENDING, JobStatus.PENDING, JobStatus.FAILED]
    job = job_of(database, job_id)
    assert (job.status, job.reason) == ("failed", Reason.WORKER_LOST)
    assert "3 attempts" in (job.message or "")
    assert not has_message(database, job_id)


def test_a_released_attempt_does_not_count(database: Database) -> None:
    job_id = make_job(database)
    for _ in range(5):
        mine = claim_job(database, job_id)
        with database.writing() as session:
            assert release(session, mine, "The worker was shut down.")
    mine = claim_job(database, job_id, lease=-1)
    with database.writing() as session:
        assert reap(session, mine, max_attempts=2) is JobStatus.PENDING
    outcomes = [a.outcome for a in attempts_of(database, job_id)]
    assert outcomes == ["released"] * 5 + ["lost"]


def _cancel(database: Database, job_id: int) -> JobStatus:
    with database.writing() as session:
        return cancel(session, session.get_one(Job, job_id))


def test_cancelling_a_pending_job_ends_it(database: Database) -> None:
    job_id = make_job(database)
    assert _cancel(database, job_id) is JobStatus.CANCELLED
    assert job_of(database, job_id).reason == Reason.CANCELLED
    assert not has_message(database, job_id)
    with database.writing() as session:
        assert claim(session, job_id, "w1", 30) is None


def test_cancelling_a_running_job_shows_at_its_next_heartbeat(database: Database) -> None:
    job_id = make_job(database)
    mine = claim_job(database, job_id)
    assert _cancel(database, job_id) is JobStatus.RUNNING
    with database.writing() as session:
        assert extend(session, mine, 30) is True


def test_a_cancelled_job_whose_worker_is_lost_is_cancelled(database: Database) -> None:
    job_id = make_job(database)
    mine = claim_job(database, job_id, lease=-1)
    _cancel(database, job_id)
    with database.writing() as session:
        assert reap(session, mine, max_attempts=3) is JobStatus.CANCELLED
    assert status_of(database, job_id) is JobStatus.CANCELLED


def test_cancelling_an_ended_job_is_a_conflict_and_changes_nothing(database: Database) -> None:
    job_id = make_job(database)
    mine = claim_job(database, job_id)
    with database.writing() as session:
        finish(session, mine, DONE)
    with pytest.raises(ConflictError, match="has ended already"):
        _cancel(database, job_id)
    job = job_of(database, job_id)
    assert (job.status, job.cancel_requested) == ("completed", False)


def test_a_job_that_is_to_be_cancelled_is_not_handed_back(database: Database) -> None:
    mine = claim_job(database, make_job(database))
    with database.writing() as session:
        cancel(session, session.get_one(Job, mine.job_id))
    with database.writing() as session:
        assert release(session, mine, "The worker goes.")
    assert status_of(database, mine.job_id) is JobStatus.CANCELLED
    assert not has_message(database, mine.job_id)
