"""Whose turn it is: which of the jobs that wait in a queue begins next.

A message says that a job waits, not which one is to run; that is chosen when a worker is free:
1. of the users with waiting jobs, and with fewer running jobs of this type than their limit, the
   one with the fewest; of equals the one whose last turn was the longest ago (round-robin),
2. of their jobs the one of the highest priority, of equals the oldest.

The cost does not grow with the number of waiting jobs: one index entry is read for each user that
waits, one for each job that runs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, Row, Select, Subquery, func, select, update
from sqlalchemy.orm import Session, aliased

from app.db.clock import database_now
from app.db.engine import Database
from app.jobs.states import Claim, claim
from app.models import Job, JobStatus, OutboxMessage, User

#: Before every message. SQLite finds `published_at > X` by its index, `IS NOT NULL` not.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Taker:
    """Who takes jobs: a worker, with a Celery task of its own for each, on leases of this length.

    `limit`: how many jobs of a type one user may have running.
    """

    worker: str
    task_id: str | None
    lease_seconds: float
    limit: int


def claim_next(database: Database, queue: str, taker: Taker) -> Claim | None:
    """Begin an attempt at the job whose turn it is; None when no job of the queue may begin."""
    passed_over: set[int] = set()
    while True:
        with database.writing() as session:
            user_id = session.scalar(_next_user(queue, taker.limit, passed_over))
            if user_id is None:
                return None
            _take_turn(session, user_id)
            head = session.execute(_head(queue, user_id, taker.limit)).one_or_none()
            mine = _claim_head(session, head, taker) if head else None
        if mine is not None:
            return mine
        if head is None:  # another worker has just begun their last
            passed_over.add(user_id)


def admissible(session: Session, queue: str, user_id: int, limit: int) -> list[int]:
    """Return the waiting jobs of a user that a message should be sent for, first ones first.

    A user never has more messages and running jobs together than running jobs are allowed: more
    messages would find nothing that may begin.
    """
    sent = select(func.count()).select_from(messages(queue, user_id).subquery())
    taken = select(_running(queue, user_id) + sent.scalar_subquery())
    room = limit - session.execute(taken).scalar_one()
    if room <= 0:
        return []
    silent = _waiting(queue, user_id).where(OutboxMessage.published_at.is_(None))
    return [row.job_id for row in session.execute(silent.limit(room))]


def waiting_users(session: Session, queue: str) -> list[int]:
    """Return the users with waiting jobs."""
    users = _users(queue)
    return list(session.scalars(select(users.c.user_id).where(users.c.user_id.is_not(None))))


def messages(queue: str, user_id: int) -> Select[int]:
    """Return the query of a user's waiting jobs for which a message was sent."""
    sent = OutboxMessage.published_at > _LONG_AGO
    return select(OutboxMessage.job_id).where(_of(queue, user_id), sent)


def _claim_head(session: Session, head: Row[Any], taker: Taker) -> Claim | None:
    mine = claim(session, head.job_id, taker.worker, taker.lease_seconds, taker.task_id)
    if mine is not None and head.published_at is None:
        _retire_message(session, head.queue, head.user_id)
    return mine


def _retire_message(session: Session, queue: str, user_id: int) -> None:
    """Note that a job without a message has used up the message of another.

    That is so for a job of high priority that came when its user already had enough messages.
    """
    last = (
        messages(queue, user_id)
        .order_by(OutboxMessage.priority.desc(), OutboxMessage.job_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    session.execute(
        update(OutboxMessage).where(OutboxMessage.job_id == last).values(published_at=None)
    )


def _take_turn(session: Session, user_id: int) -> None:
    """Note the turn; others that would begin a job of the same user wait here until we have."""
    now = database_now(session)
    session.execute(update(User).where(User.id == user_id).values(turn_at=now))


def _next_user(queue: str, limit: int, passed_over: set[int]) -> Select[int]:
    users, running = _users(queue), _running_by_user(queue)
    count = func.coalesce(running.c.count, 0)
    return (
        select(User.id)
        .join(users, users.c.user_id == User.id)
        .outerjoin(running, running.c.user_id == User.id)
        .where(count < limit, User.id.not_in(passed_over))
        .order_by(count, User.turn_at, User.id)
        .limit(1)
    )


def _users(queue: str) -> CTE:
    """Yield the ids of the users that wait, then NULL, by one look into the index for each."""
    first = select(func.min(OutboxMessage.user_id).label("user_id"))
    users = first.where(OutboxMessage.queue == queue).cte("waiting_users", recursive=True)
    later = aliased(OutboxMessage)
    following = select(func.min(later.user_id)).where(
        later.queue == queue, later.user_id > users.c.user_id
    )
    step = select(following.scalar_subquery()).where(users.c.user_id.is_not(None))
    return users.union_all(step)


def _running_by_user(queue: str) -> Subquery:
    return (
        select(Job.user_id, func.count().label("count"))
        .where(Job.status == JobStatus.RUNNING, Job.job_type == queue)
        .group_by(Job.user_id)
        .subquery()
    )


def _head(queue: str, user_id: int, limit: int) -> Select[Any]:
    return _waiting(queue, user_id).where(_running(queue, user_id) < limit).limit(1)


def _waiting(queue: str, user_id: int) -> Select[Any]:
    """Return the query of a user's waiting jobs in the order in which they begin."""
    table = OutboxMessage.__table__.c
    return (
        select(table.job_id, table.queue, table.user_id, table.published_at)
        .where(_of(queue, user_id))
        .order_by(table.priority, table.job_id)
    )


def _running(queue: str, user_id: int) -> Any:
    return (
        select(func.count())
        .select_from(Job)
        .where(Job.status == JobStatus.RUNNING, Job.job_type == queue, Job.user_id == user_id)
        .scalar_subquery()
    )


def _of(queue: str, user_id: int) -> Any:
    return (OutboxMessage.queue == queue) & (OutboxMessage.user_id == user_id)
