"""How long a build will still take."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.clock import utcnow
from app.db.engine import Database
from app.jobs.estimate import estimate, expected_seconds, remaining
from app.jobs.queries import steps_of
from app.models import Job, JobStatus, JobType, Project, Step, User
from tests.jobs.factories import claim_job, job_of, make_job, make_project, make_user

#: Step, status, seconds, seconds since its start.
Row = tuple[str, str, float | None, float | None]


def done(*steps: tuple[str, float | None]) -> list[Row]:
    return [(step, "completed", seconds, None) for step, seconds in steps]


class Builds:
    """Makes builds of one project with steps."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.user: User = make_user(database)
        self.project: Project = make_project(database, self.user)

    def running(self, rows: Sequence[Row], flow: str | None = "Classic") -> Job:
        job_id = make_job(
            self.database, toolchain="librelane", job_type=JobType.BUILD, user=self.user
        )
        with self.database.writing() as session:
            job = session.get_one(Job, job_id)
            job.project_id = self.project.id
            job.config = {"flow": flow} if flow else {}
        claim_job(self.database, job_id)
        with self.database.writing() as session:
            session.add_all(_step(job_id, n, row) for n, row in enumerate(rows, start=1))
        return job_of(self.database, job_id)

    def ended(
        self,
        rows: Sequence[Row],
        flow: str | None = "Classic",
        status: JobStatus = JobStatus.COMPLETED,
    ) -> None:
        job = self.running(rows, flow)
        with self.database.writing() as session:
            mine = session.get_one(Job, job.id)
            mine.status = status

    def estimate(self, job: Job) -> float | None:
        with self.database.reading() as session:
            return estimate(session, job, steps_of(session, job))


def _step(job_id: int, ordinal: int, row: Row, attempt: int = 1) -> Step:
    step, status, seconds, begun = row
    started = None if begun is None else utcnow() - timedelta(seconds=begun)
    return Step(
        job_id=job_id,
        attempt=attempt,
        ordinal=ordinal,
        step=step,
        name=step,
        status=status,
        seconds=seconds,
        started_at=started,
    )


@pytest.fixture
def builds(database: Database) -> Builds:
    return Builds(database)


NOW_RUNNING: list[Row] = [
    ("A", "completed", 9.0, None),
    ("B", "running", None, 0.0),
    ("C", "pending", None, None),
]


def test_nobody_can_know_without_an_earlier_build(builds: Builds) -> None:
    assert builds.estimate(builds.running(NOW_RUNNING)) is None


def test_what_the_newest_build_took(builds: Builds) -> None:
    builds.ended(done(("A", 1.0), ("B", 500.0), ("C", 600.0)))
    builds.ended(done(("A", 1.0), ("B", 50.0), ("C", 60.0)))
    left = builds.estimate(builds.running(NOW_RUNNING))
    assert left is not None
    assert 60 <= left <= 110


def test_of_a_step_that_the_newest_did_not_take_an_older_one_tells(builds: Builds) -> None:
    builds.ended(done(("A", 1.0), ("B", 500.0), ("C", 600.0)))
    builds.ended(done(("A", 1.0), ("B", 0.0)))
    assert builds.estimate(builds.running(NOW_RUNNING)) == 600


@pytest.mark.parametrize(
    ("flow", "status"), [("Offline", "completed"), (None, "completed"), ("Classic", "failed")]
)
def test_others_tell_nothing(builds: Builds, flow: str | None, status: str) -> None:
    builds.ended(done(("A", 1.0), ("B", 2.0), ("C", 3.0)), flow, JobStatus(status))
    assert builds.estimate(builds.running(NOW_RUNNING)) is None


def test_another_projects_builds_tell_nothing(builds: Builds, database: Database) -> None:
    builds.ended(done(("C", 3.0)))
    builds.project = make_project(database, builds.user, "other")
    assert builds.estimate(builds.running(NOW_RUNNING)) is None


def test_a_job_without_a_flow_is_compared_with_such(builds: Builds) -> None:
    builds.ended(done(("C", 3.0)), flow=None)
    assert builds.estimate(builds.running(NOW_RUNNING, flow=None)) == 3


def test_only_a_running_build_has_time_left(builds: Builds, database: Database) -> None:
    builds.ended(done(("C", 3.0)))
    job = builds.running(NOW_RUNNING)
    assert builds.estimate(job) == 3
    assert builds.estimate(builds.running([])) is None
    for name, value in (("status", JobStatus.FAILED), ("job_type", JobType.SIMULATION)):
        with database.writing() as session:
            setattr(session.get_one(Job, job.id), name, value)
        assert builds.estimate(job_of(database, job.id)) is None


def test_only_the_newest_attempt_counts(builds: Builds, database: Database) -> None:
    builds.ended(done(("C", 3.0)))
    with database.writing() as session:
        job = session.scalars(select(Job)).one()
        job.attempt = 2
        session.add(_step(job.id, 1, ("C", "completed", 4.0, None), attempt=2))
    assert builds.estimate(builds.running(NOW_RUNNING)) == 4


def test_a_step_taken_twice_is_two_steps() -> None:
    now = utcnow()
    steps = [Step(step="STA", status="pending") for _ in range(3)]
    assert remaining(steps, {("STA", 0): 1.0, ("STA", 1): 10.0}, now) == 11


def test_the_running_step_has_only_its_rest_left() -> None:
    now = utcnow()
    for begun, left in ((0, 10), (4, 6), (10, 0), (99, 0)):
        step = Step(step="A", status="running", started_at=now - timedelta(seconds=begun))
        assert remaining([step], {("A", 0): 10.0}, now) == left


def test_what_is_expected(builds: Builds, database: Database) -> None:
    builds.ended(done(("A", 1.0), ("A", 2.0), ("B", None)))
    job = builds.running(NOW_RUNNING)
    with database.reading() as session:
        assert expected_seconds(session, job) == {("A", 0): 1.0, ("A", 1): 2.0}
