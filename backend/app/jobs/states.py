"""Every change of a job's status, and nothing else writes it.

    pending ──claim──> running ──finish──> completed | failed | cancelled
       ^                  │
       ├────release───────┤   the worker shuts down: the try does not count
       └────reap──────────┘   the lease has run out: counts, up to MAX_ATTEMPTS
    pending ──cancel─> cancelled

Each change is one UPDATE that names the state it starts from. Those of a running job also name the
attempt (`claims.fence`): a worker that has lost its lease matches no row and can write nothing.
"""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, literal, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from app.core.clock import utcnow
from app.core.errors import ConflictError
from app.db.base import table_of
from app.db.clock import database_now
from app.db.types import UtcDateTime
from app.jobs.claims import Claim, fence
from app.jobs.outcomes import Ending, Loss, Reason
from app.models import Attempt, Job, JobStatus, OutboxMessage


def enqueue(session: Session, job: Job) -> None:
    """Add the outbox row of a new job."""
    session.add(
        OutboxMessage(
            job_id=job.id,
            queue=job.job_type,
            user_id=job.user_id,
            priority=job.priority,
            needs=job.needs,
        )
    )


def claim(
    session: Session, job_id: int, worker: str, lease_seconds: float, task_id: str | None = None
) -> Claim | None:
    """Begin an attempt at a pending job; None when the job is not pending (any more).

    `task_id`: the Celery task that will work on it.
    """
    now = database_now(session)
    values = {
        "job": job_id,
        "by": worker,
        "now": now,
        "until": now + timedelta(seconds=lease_seconds),
        "task_id": task_id,
    }
    attempt = session.execute(_CLAIM, values).scalar_one_or_none()
    if attempt is None:
        return None
    begun = {"job_id": job_id, "number": attempt, "worker": worker, "started_at": now}
    session.execute(_BEGIN_ATTEMPT, begun)
    _drop_message(session, job_id)
    return Claim(job_id, attempt)


def extend(session: Session, mine: Claim, lease_seconds: float) -> bool | None:
    """Extend the lease; return whether cancelling is asked for, None when the job is not ours."""
    until = database_now(session) + timedelta(seconds=lease_seconds)
    return session.execute(_EXTEND, {**_names(mine), "until": until}).scalar_one_or_none()


def set_current_step(session: Session, mine: Claim, name: str) -> bool:
    """Say what the job is at; False when the job is not ours."""
    return _change(session, mine, {"current_step": name})


def finish(
    session: Session,
    mine: Claim,
    ending: Ending,
    details: dict[str, Any] | None = None,
    figures: dict[str, Any] | None = None,
) -> bool:
    """End the job; False when the job is not ours, and then nothing may be written for it.

    `details`: what else its toolchain found. `figures`: what the attempt tells of itself.
    """
    now = database_now(session)
    values: dict[str, Any] = {
        "status": ending.status,
        "reason": ending.reason,
        "message": ending.message,
        "verdict": ending.verdict,
        "ended_at": now,
        "lease_until": None,
        "details": details or {},
    }
    if ending.current_step is not None:
        values["current_step"] = ending.current_step
    if not _change(session, mine, values):
        return False
    _end_attempt(session, mine, now, ending.status, ending.reason, ending.message, figures)
    return True


def release(session: Session, mine: Claim, message: str) -> bool:
    """Hand a running job back to the queue at once; the try does not count.

    One that is to be cancelled is cancelled: its tools are gone.
    """
    now = database_now(session)
    cancelling = session.execute(_EXTEND, {**_names(mine), "until": now}).scalar_one_or_none()
    if cancelling is None:
        return False
    _end_attempt(session, mine, now, "released", None, message)
    if cancelling:
        _end_lost(session, mine, now, JobStatus.CANCELLED, Reason.CANCELLED, "Cancelled.")
    else:
        _change(session, mine, _WAITING)
        _add_message(session, mine.job_id)
    return True


def expired(session: Session) -> list[Claim]:
    """Return the running attempts whose lease has run out."""
    late = select(Job.id, Job.attempt).where(
        Job.status == JobStatus.RUNNING, Job.lease_until < database_now(session)
    )
    return [Claim(job_id, attempt) for job_id, attempt in session.execute(late)]


def reap(session: Session, lost: Claim, max_attempts: int) -> JobStatus | None:
    """Take a job from an attempt whose lease has run out; see `lose`.

    None when the lease was extended meanwhile.
    """
    why = Loss(Reason.WORKER_LOST, "The worker was lost: no sign of life before the lease ended.")
    return lose(session, lost, why, max_attempts, Job.lease_until < database_now(session))


def lose(
    session: Session, lost: Claim, why: Loss, max_attempts: int, *only_if: ColumnElement[bool]
) -> JobStatus | None:
    """Take a job from an attempt that is no more.

    Return the job's new status (pending; failed after `max_attempts` lost attempts; cancelled if
    that was asked for), or None when the attempt has ended meanwhile.
    """
    now = database_now(session)
    cancel_requested = session.execute(
        update(Job)
        .where(*fence(lost), *only_if)
        .values(lease_until=now)
        .returning(Job.cancel_requested)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if cancel_requested is None:
        return None
    _end_attempt(session, lost, now, "lost", why.reason, why.message)
    return _after_loss(session, lost, why, cancel_requested, max_attempts, now)


def cancel(session: Session, job: Job) -> JobStatus:
    """Cancel a pending job, or ask for it if it runs; ConflictError when the job has ended."""
    now = database_now(session)
    ended = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.status == JobStatus.PENDING)
        .values(
            status=JobStatus.CANCELLED,
            cancel_requested=True,
            reason=Reason.CANCELLED,
            message="Cancelled before it started.",
            ended_at=now,
        )
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if ended is not None:
        _drop_message(session, job.id)
        return JobStatus.CANCELLED
    return _ask_to_cancel(session, job)


_WAITING: dict[str, Any] = {
    "status": JobStatus.PENDING,
    "worker": None,
    "lease_until": None,
    "current_step": None,
}


def _after_loss(
    session: Session,
    lost: Claim,
    why: Loss,
    cancel_requested: bool,
    max_attempts: int,
    now: datetime,
) -> JobStatus:
    if cancel_requested:
        return _end_lost(session, lost, now, JobStatus.CANCELLED, Reason.CANCELLED, "Cancelled.")
    count = session.scalar(
        select(func.count())
        .select_from(Attempt)
        .where(Attempt.job_id == lost.job_id, Attempt.outcome == "lost")
    )
    if (count or 0) >= max_attempts:
        message = f"Given up after {count} attempts that were lost. The last: {why.message}"
        return _end_lost(session, lost, now, JobStatus.FAILED, why.reason, message)
    _change(session, lost, _WAITING)
    _add_message(session, lost.job_id)
    return JobStatus.PENDING


def _end_lost(
    session: Session, lost: Claim, now: datetime, status: JobStatus, reason: Reason, message: str
) -> JobStatus:
    values = {"status": status, "reason": reason, "message": message, "ended_at": now}
    _change(session, lost, {**values, "lease_until": None})
    return status


def _ask_to_cancel(session: Session, job: Job) -> JobStatus:
    asked = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.status == JobStatus.RUNNING)
        .values(cancel_requested=True)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if asked is None:
        raise ConflictError(f"Job {job.id} has ended already; there is nothing to cancel.")
    return JobStatus.RUNNING


def _change(session: Session, mine: Claim, values: dict[str, Any]) -> bool:
    new = {f"new_{column}": value for column, value in values.items()}
    row = session.execute(_fenced_update(*values), {**_names(mine), **new}).scalar_one_or_none()
    return row is not None


def _end_attempt(
    session: Session,
    mine: Claim,
    now: datetime,
    outcome: str,
    reason: Reason | None,
    message: str,
    figures: dict[str, Any] | None = None,
) -> None:
    new = {
        "new_ended_at": now,
        "new_outcome": outcome,
        "new_reason": reason,
        "new_message": message,
        "new_figures": figures or {},
    }
    session.execute(_END_ATTEMPT, {**_names(mine), **new})


def _add_message(session: Session, job_id: int) -> None:
    place = select(Job.id, Job.job_type, Job.user_id, Job.priority, Job.needs, literal(utcnow()))
    columns = ["job_id", "queue", "user_id", "priority", "needs", "created_at"]
    session.execute(insert(OutboxMessage).from_select(columns, place.where(Job.id == job_id)))


def _drop_message(session: Session, job_id: int) -> None:
    session.execute(_DROP_MESSAGE, {"job": job_id})


def _names(mine: Claim) -> dict[str, int]:
    return {"mine": mine.job_id, "my_attempt": mine.attempt}


# The statements are made once: to make one takes longer than to run it.

_jobs, _attempts, _outbox = (table_of(model) for model in (Job, Attempt, OutboxMessage))
_FENCE = (
    _jobs.c.id == bindparam("mine"),
    _jobs.c.attempt == bindparam("my_attempt"),
    _jobs.c.status == JobStatus.RUNNING,
)
_CLAIM = (
    update(_jobs)
    .where(_jobs.c.id == bindparam("job"), _jobs.c.status == JobStatus.PENDING)
    .values(
        status=JobStatus.RUNNING,
        attempt=_jobs.c.attempt + 1,
        worker=bindparam("by"),
        lease_until=bindparam("until"),
        started_at=func.coalesce(_jobs.c.started_at, bindparam("now", type_=UtcDateTime)),
        current_step=None,
        celery_task_id=bindparam("task_id"),
    )
    .returning(_jobs.c.attempt)
)
_BEGIN_ATTEMPT = insert(_attempts)
_EXTEND = (
    update(_jobs)
    .where(*_FENCE)
    .values(lease_until=bindparam("until"))
    .returning(_jobs.c.cancel_requested)
)
_END_ATTEMPT = (
    update(_attempts)
    .where(
        _attempts.c.job_id == bindparam("mine"),
        _attempts.c.number == bindparam("my_attempt"),
    )
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("ended_at", "outcome", "reason", "message", "figures")
        }
    )
)
_DROP_MESSAGE = delete(_outbox).where(_outbox.c.job_id == bindparam("job"))


@cache
def _fenced_update(*columns: str) -> ReturningUpdate[tuple[int]]:
    """Return the UPDATE that sets these columns of a job while the attempt is its running one."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return update(_jobs).where(*_FENCE).values(values).returning(_jobs.c.id)
