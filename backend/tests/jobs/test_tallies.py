"""Totals of what has ended: each end counted once, under bounded names."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from app.db.engine import Database
from app.executors.base import Usage
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.counting import OTHER, RUN_BOUNDS, START_BOUNDS
from app.jobs.figures import Figures
from app.jobs.outcomes import Ending, Loss, Reason
from app.jobs.patience import note_outage
from app.jobs.states import cancel, finish, lose, release
from app.jobs.tallies import known_steps, read_tallies, tally, tally_if_due
from app.models import Artifact, Attempt, Job, JobStatus, Project, Step
from app.storage.freshness import lookups
from app.storage.store import errors_met
from tests.jobs.factories import claim_job, job_of, make_job

GOOD = Ending(JobStatus.COMPLETED, "done")
BAD = Ending(JobStatus.FAILED, "no", Reason.TIMED_OUT)


def _count(database: Database, steps: Collection[str] = ()) -> dict[tuple[str, ...], float]:
    """Count what has ended, then let it lie in the past, and return the totals."""
    tally(database, steps, timedelta(0))
    with database.reading() as session:
        return {key: value for key, value in read_tallies(session).items() if key[1:]}


def _end(database: Database, ending: Ending, figures: Figures | None = None) -> Claim:
    mine = claim_job(database, make_job(database))
    with database.writing() as session:
        assert finish(session, mine, ending, None, figures.as_json() if figures else None)
    return mine


def test_jobs_and_attempts_by_how_they_ended(database: Database) -> None:
    _end(database, GOOD)
    _end(database, BAD)
    _end(database, BAD)
    found = _count(database)
    assert found["jobs_ended", "simulation", "completed", ""] == 1
    assert found["jobs_ended", "simulation", "failed", "timed_out"] == 2
    assert found["attempts", "simulation", "failed", "timed_out"] == 2


def test_attempts_that_end_no_job(database: Database) -> None:
    lost, released = (
        claim_job(database, make_job(database)),
        claim_job(database, make_job(database)),
    )
    with database.writing() as session:
        lose(session, lost, Loss(Reason.WORKER_LOST, "gone"), max_attempts=3)
        release(session, released, "shut down")
    found = _count(database)
    assert found["attempts", "simulation", "lost", "worker_lost"] == 1
    assert found["attempts", "simulation", "released", ""] == 1
    assert not [key for key in found if key[0] == "jobs_ended"]


def test_jobs_that_never_began(database: Database) -> None:
    job_id = make_job(database)
    with database.writing() as session:
        cancel(session, job_of(database, job_id))
    assert _count(database)["jobs_ended", "simulation", "cancelled", "cancelled"] == 1


def test_nothing_is_counted_twice_nor_uncounted_when_it_is_deleted(database: Database) -> None:
    _end(database, GOOD)
    once = _count(database)
    assert _count(database) == once
    with database.writing() as session:
        session.execute(delete(Project))
    assert _count(database) == once
    _end(database, GOOD)
    assert _count(database)["jobs_ended", "simulation", "completed", ""] == 2


def test_what_has_just_ended_is_left_to_the_next_time(database: Database) -> None:
    _end(database, GOOD)
    tally(database, (), timedelta(seconds=60))
    with database.reading() as session:
        assert [*read_tallies(session)] == [("counted_until",)]
    assert _count(database)["jobs_ended", "simulation", "completed", ""] == 1


def test_how_long_jobs_waited_and_ran(database: Database) -> None:
    mine = _end(database, GOOD)
    began = job_of(database, mine.job_id).ended_at
    assert began is not None
    _put(database, mine, Job, created_at=began - timedelta(seconds=70))
    _put(database, mine, Attempt, started_at=began - timedelta(seconds=20))
    found = _count(database)
    assert found["run_bucket", "simulation", str(RUN_BOUNDS.index(60))] == 1
    assert found["run_seconds", "simulation"] == pytest.approx(20)


def test_only_the_first_wait_counts(database: Database) -> None:
    mine = claim_job(database, make_job(database))
    with database.writing() as session:
        release(session, mine, "shut down")
    claim_job(database, mine.job_id)
    found = _count(database)
    assert sum(value for key, value in found.items() if key[0] == "queue_wait_bucket") == 1


def test_what_attempts_tell_of_themselves(database: Database) -> None:
    figures = Figures("docker")
    figures.ran(1.5, Usage(wall_seconds=1.0, start_seconds=0.3))
    figures.ran(0.5, Usage(wall_seconds=0.75))  # clocks differ: never below nothing
    figures.log_bytes = 1000
    note_outage(TimeoutError())
    errors_met["get"] += 2
    lookups["hit"] += 3
    _end(database, GOOD, figures)
    found = _count(database)
    assert found["log_bytes", "simulation"] == 1000
    assert found["executor_commands", "docker"] == 2
    assert found["executor_overhead_seconds", "docker"] == 0.5
    assert found["attempt_outages", "other"] == 1
    assert found["attempt_store_errors", "get"] == 2
    assert found["attempt_cache_lookups", "content", "hit"] == 3
    assert found["executor_start_bucket", "docker", str(START_BOUNDS.index(0.5))] == 1
    assert found["executor_start_seconds", "docker"] == 0.3


def test_artifacts_of_the_attempt_that_ended(database: Database) -> None:
    mine = claim_job(database, make_job(database))
    place = {"job_id": mine.job_id, "kind": "log", "digest": "0" * 64, "key": "k"}
    with database.writing() as session:
        session.add(Artifact(attempt=1, name="a", size=3 << 30, **place))
        session.add(Artifact(attempt=2, name="a", size=5, **place))
        finish(session, mine, GOOD)
    found = _count(database)
    assert found["artifact_bytes", "simulation"] == 3 << 30
    assert found["user_artifact_bytes", str(job_of(database, mine.job_id).user_id)] == 3 << 30


def test_steps_by_names_that_are_known_and_within_their_attempts_time(database: Database) -> None:
    mine = claim_job(database, make_job(database))
    begun = _begun(database, mine)
    with database.writing() as session:
        for ordinal, (step, seconds, after) in enumerate(
            [
                ("Yosys.Synthesis", 2.0, 0),
                ("OpenROAD.STAMidPNR-1", 3.0, 1),
                ("Made.Up", 1e300, 1),  # a run directory is a job's: it can claim anything
                ("Made.Up.Too", -5.0, 1),
                ("Yosys.Synthesis", 9.0, -60),
                ("Yosys.Synthesis", None, 1),
            ]
        ):
            session.add(
                Step(
                    job_id=mine.job_id,
                    attempt=1,
                    ordinal=ordinal,
                    step=step,
                    name=step,
                    status="completed",
                    started_at=begun + timedelta(seconds=after),
                    seconds=seconds,
                )
            )
        finish(session, mine, GOOD)
    _put(database, mine, Attempt, started_at=begun - timedelta(seconds=10))
    found = _count(database, {"Yosys.Synthesis", "OpenROAD.STAMidPNR"})
    assert found["steps", "Yosys.Synthesis"] == 1
    assert found["step_seconds", "Yosys.Synthesis"] == 2
    assert found["steps_restored", "Yosys.Synthesis"] == 1
    assert found["steps", "OpenROAD.STAMidPNR"] == 1
    assert found["steps", OTHER] == 2
    assert 10 <= found["step_seconds", OTHER] < 60
    assert not [key for key in found if "Made" in str(key)]


def test_the_upkeep_counts_by_the_steps_that_workers_offer(context: Context) -> None:
    assert known_steps(context) == {"compile", "run"}
    tally_if_due(context)  # it is not: the tests' database has just been made


def _begun(database: Database, mine: Claim) -> datetime:
    with database.reading() as session:
        query = select(Attempt.started_at).where(Attempt.job_id == mine.job_id)
        return session.scalars(query).one()


def _put(database: Database, mine: Claim, table: type[Job | Attempt], **values: datetime) -> None:
    where = Job.id == mine.job_id if table is Job else Attempt.job_id == mine.job_id
    with database.writing() as session:
        session.execute(update(table).where(where).values(values))
