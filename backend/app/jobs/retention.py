"""What jobs that have ended keep, and for how long: the operator's settings, and users' pins.

Rows are marked or deleted here, a job in each transaction; the sweep then removes from the store
what no row speaks for any more. What is cut short is found again by the next one. Every change
names what it relies on, so a pin that came first, or a job that is to begin with kept steps, holds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from app.core.errors import ConflictError, GoneError
from app.core.settings import Settings
from app.db.clock import database_now
from app.jobs.access import get_job
from app.jobs.context import Context
from app.models import Job, JobStatus, KeptStep, Revision, User


@dataclass
class Retired:
    """Jobs whose files are kept no more, jobs that are no more, and how many kept steps went."""

    files: list[int] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    steps: int = 0


def retire(context: Context, *, dry_run: bool = False) -> Retired:
    """Let go of what is older than the settings say; with `dry_run`, only tell."""
    settings, done = context.settings, Retired()
    for job_id in _old(context, settings.keep_jobs_days, _is_not_new(settings)):
        if dry_run or _in_own_transaction(context, _delete, job_id):
            done.jobs.append(job_id)
    has_files = Job.files_removed_at.is_(None)
    for job_id in _old(context, settings.keep_files_days, has_files, _is_not_new(settings)):
        if dry_run or _in_own_transaction(context, _forget_files, job_id):
            done.files.append(job_id)
    has_steps = Job.id.in_(select(KeptStep.job_id))
    for job_id in _old(context, settings.keep_steps_days, has_steps):
        forget = _count_steps if dry_run else _forget_steps
        done.steps += _in_own_transaction(context, forget, job_id)
    return done


def pin(context: Context, user: User, job_id: int, *, pinned: bool) -> Job:
    """Keep a job from being removed, or no more; twice is once. Errors as of get_job()."""
    with context.database.writing() as session:
        job = get_job(session, user, job_id, change=True)
        job.pinned = pinned
        return job


def delete_job(context: Context, user: User, job_id: int) -> None:
    """Delete a job that has ended. Errors as of get_job(); ConflictError says what is in the way.

    The sweep removes what it leaves in the store.
    """
    with context.database.writing() as session:
        job = get_job(session, user, job_id, change=True)
        if not JobStatus(job.status).is_terminal:
            raise ConflictError(f"Job {job_id} is {job.status}; cancel it first.")
        if job.pinned:
            raise ConflictError(f"Job {job_id} is pinned; unpin it first.")
        _lock(session, job_id)
        if not _delete(session, job_id):
            raise ConflictError(f"Another job is about to begin with steps of job {job_id}; wait.")


def kept_until(job: Job, settings: Settings) -> datetime | None:
    """Return until when a job's files stay at least; None if nothing is going to remove them."""
    days = [one for one in (settings.keep_files_days, settings.keep_jobs_days) if one is not None]
    if job.pinned or job.ended_at is None or job.files_removed_at is not None or not days:
        return None
    return job.ended_at + timedelta(days=min(days))


def count_pinned(session: Session) -> int:
    """Return how many jobs are kept from being removed."""
    return session.scalar(select(func.count()).select_from(Job).where(Job.pinned)) or 0


def words_of_removal(job: Job, settings: Settings) -> str | None:
    """Return since when and why the job's files are kept no more; None while they are."""
    if job.files_removed_at is None:
        return None
    days = settings.keep_files_days
    rule = "the retention" if days is None else f"the retention of {days:g} days"
    return f"The files of job {job.id} were removed on {job.files_removed_at:%Y-%m-%d} by {rule}."


def refuse_removed(job: Job, settings: Settings) -> None:
    """Raise GoneError if the job's files are kept no more."""
    words = words_of_removal(job, settings)
    if words is not None:
        raise GoneError(words)


_WANTED = select(Job.continues).where(
    Job.continues.is_not(None), Job.status.in_([JobStatus.PENDING, JobStatus.RUNNING])
)
_FREE = (~Job.pinned, Job.ended_at.is_not(None), Job.id.not_in(_WANTED))


def _is_not_new(settings: Settings) -> ColumnElement[bool]:
    """Return the condition that a job is not of the newest of its project and type."""
    newer_first = func.row_number().over(
        partition_by=(Job.project_id, Job.job_type), order_by=Job.id.desc()
    )
    ranked = select(Job.id, newer_first.label("place")).subquery()
    return Job.id.in_(select(ranked.c.id).where(ranked.c.place > settings.keep_newest_jobs))


def _old(context: Context, days: float | None, *wanted: ColumnElement[bool]) -> list[int]:
    """Return the jobs that have ended so long ago; none when nothing is said of days."""
    if days is None:
        return []
    with context.database.reading() as session:
        ended = Job.ended_at < database_now(session) - timedelta(days=days)
        return [*session.scalars(select(Job.id).where(ended, *_FREE, *wanted).order_by(Job.id))]


def _in_own_transaction(
    context: Context, change: Callable[[Session, int], int], job_id: int
) -> int:
    with context.database.writing() as session:
        _lock(session, job_id)
        return change(session, job_id)


def _lock(session: Session, job_id: int) -> None:
    """Wait for those who are making jobs that go on from this one, and keep others from it.

    PostgreSQL looks not again at conditions on other rows after it has waited: what they have made
    is only seen by a statement that begins afterwards.
    """
    session.execute(select(Job.id).where(Job.id == job_id).with_for_update())


def _delete(session: Session, job_id: int) -> int:
    """Delete a job with all that hangs on it, and its revision unless another job is of it."""
    gone = session.scalar(
        delete(Job)
        .where(Job.id == job_id, *_FREE)
        .returning(Job.revision_id)
        .execution_options(synchronize_session=False)
    )
    if gone is None:
        return 0
    # Waits for who is making a job of it (`keep_revision`), as in _lock().
    session.execute(select(Revision.id).where(Revision.id == gone).with_for_update())
    others = select(Job.id).where(Job.revision_id == gone)
    session.execute(
        delete(Revision)
        .where(Revision.id == gone, ~others.exists())
        .execution_options(synchronize_session=False)
    )
    return 1


def _forget_files(session: Session, job_id: int) -> int:
    """Note that the log and artifacts are kept no more; kept steps go as well."""
    marked = session.scalar(
        update(Job)
        .where(Job.id == job_id, Job.files_removed_at.is_(None), *_FREE)
        .values(files_removed_at=database_now(session))
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    if marked is None:
        return 0
    _forget_steps(session, job_id)
    return 1


def _steps(job_id: int) -> ColumnElement[bool]:
    free = select(Job.id).where(Job.id == job_id, *_FREE)
    return KeptStep.job_id.in_(free)


def _count_steps(session: Session, job_id: int) -> int:
    count = select(func.count()).select_from(KeptStep).where(_steps(job_id))
    return session.scalar(count) or 0


def _forget_steps(session: Session, job_id: int) -> int:
    gone = session.scalars(
        delete(KeptStep)
        .where(_steps(job_id))
        .returning(KeptStep.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
