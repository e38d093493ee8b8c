"""Rows to test with."""

from sqlalchemy import select

from app.db.engine import Database
from app.jobs.claims import Claim
from app.jobs.states import claim, enqueue
from app.models import (
    Attempt,
    Job,
    JobStatus,
    JobType,
    OutboxMessage,
    Priority,
    Project,
    Revision,
    User,
)

NO_TREE = "0" * 64


def make_user(database: Database, name: str = "ada") -> User:
    with database.writing() as session:
        user = User(username=name, password_hash="-")
        session.add(user)
    return user


def make_project(database: Database, user: User, name: str = "chip") -> Project:
    with database.writing() as session:
        project = Project(owner_id=user.id, name=name)
        session.add(project)
    return project


def make_job(
    database: Database,
    *,
    tree_digest: str = NO_TREE,
    toolchain: str = "icarus",
    job_type: JobType = JobType.SIMULATION,
    user: User | None = None,
    priority: Priority = Priority.NORMAL,
) -> int:
    """Make a pending job, with its outbox row, in a project of a user (by default a new one)."""
    user = user or make_user(database, f"user {_count(database, User)}")
    project = make_project(database, user, f"project {_count(database, Project)}")
    with database.writing() as session:
        revision = Revision(project_id=project.id, tree_digest=tree_digest)
        session.add(revision)
        session.flush()
        job = Job(
            project_id=project.id,
            revision_id=revision.id,
            user_id=user.id,
            job_type=job_type,
            toolchain=toolchain,
            config={},
            max_seconds=60,
            priority=priority,
        )
        session.add(job)
        session.flush()
        enqueue(session, job)
    return job.id


def claim_job(database: Database, job_id: int, worker: str = "w1", lease: float = 30) -> Claim:
    with database.writing() as session:
        mine = claim(session, job_id, worker, lease)
    assert mine is not None
    return mine


def job_of(database: Database, job_id: int) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job_id)


def status_of(database: Database, job_id: int) -> JobStatus:
    return JobStatus(job_of(database, job_id).status)


def attempts_of(database: Database, job_id: int) -> list[Attempt]:
    with database.reading() as session:
        query = select(Attempt).where(Attempt.job_id == job_id).order_by(Attempt.number)
        return list(session.scalars(query))


def has_message(database: Database, job_id: int) -> bool:
    with database.reading() as session:
        return session.get(OutboxMessage, job_id) is not None


def _count(database: Database, table: type[Project | User]) -> int:
    with database.reading() as session:
        return len(session.scalars(select(table.id)).all())
