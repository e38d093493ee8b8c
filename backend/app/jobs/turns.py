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

from sqlalchemy import CTE, Integer, Row, Select, String, bindparam, func, select, update
from sqlalchemy.orm import Session

from app.db.base import table_of
from app.db.clock import database_now
from app.db.engine import Database
from app.jobs.states import Claim, claim
from app.models import Job, JobStatus, OutboxMessage, User


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
    passed_over: list[int] = []
    while True:
        with database.writing() as session:
            asked = {"in_queue": queue, "limit": taker.limit, "passed_over": passed_over}
            user_id = session.scalar(_NEXT_USER, asked)
            if user_id is None:
                return None
            # Others that would begin a job of the same user wait here until we have.
            session.execute(_TAKE_TURN, {"of_user": user_id, "now": database_now(session)})
            head = session.execute(_HEAD, {**asked, "of_user": user_id}).one_or_none()
            mine = _claim_head(session, head, taker) if head else None
        if mine is not None:
            return mine
        if head is None:  # another worker has just begun their last
            passed_over.append(user_id)


def admissible(session: Session, queue: str, user_id: int, limit: int) -> list[int]:
    """Return the waiting jobs of a user that a message should be sent for, first ones first.

    A user never has more messages and running jobs together than running jobs are allowed: more
    messages would find nothing that may begin.
    """
    asked = {"in_queue": queue, "of_user": user_id}
    room = limit - session.execute(_TAKEN, asked).scalar_one()
    if room <= 0:
        return []
    return [row.job_id for row in session.execute(_SILENT, {**asked, "room": room})]


def waiting_users(session: Session, queue: str) -> list[int]:
    """Return the users with waiting jobs."""
    found = session.scalars(select(_USERS.c.user_id), {"in_queue": queue})
    return [user_id for user_id in found if user_id is not None]


def messages(queue: str, user_id: int) -> Select[int]:
    """Return the query of a user's waiting jobs for which a message was sent."""
    return _MESSAGES.params(in_queue=queue, of_user=user_id)


def _claim_head(session: Session, head: Row[*tuple[Any, ...]], taker: Taker) -> Claim | None:
    mine = claim(session, head.job_id, taker.worker, taker.lease_seconds, taker.task_id)
    if mine is not None and head.published_at is None:
        # It came when its user already had enough messages, and has used up another's.
        session.execute(_RETIRE_LAST, {"in_queue": head.queue, "of_user": head.user_id})
    return mine


# The queries are made once: to make one takes longer than to run it.

_outbox, _users, _jobs = (table_of(model) for model in (OutboxMessage, User, Job))
_queue, _user_id = bindparam("in_queue", type_=String), bindparam("of_user", type_=Integer)
#: Before every message. SQLite finds `published_at > X` by its index, `IS NOT NULL` not.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_OF_USER = (_outbox.c.queue == _queue) & (_outbox.c.user_id == _user_id)
_MESSAGES = select(_outbox.c.job_id).where(_OF_USER, _outbox.c.published_at > _LONG_AGO)
_RUNNING = (_jobs.c.status == JobStatus.RUNNING) & (_jobs.c.job_type == _queue)
_RUNNING_OF_USER = (
    select(func.count())
    .select_from(_jobs)
    .where(_RUNNING, _jobs.c.user_id == _user_id)
    .scalar_subquery()
)
_TAKEN = select(
    _RUNNING_OF_USER + select(func.count()).select_from(_MESSAGES.subquery()).scalar_subquery()
)
#: A user's waiting jobs in the order in which they begin.
_WAITING = (
    select(_outbox.c.job_id, _outbox.c.queue, _outbox.c.user_id, _outbox.c.published_at)
    .where(_OF_USER)
    .order_by(_outbox.c.priority, _outbox.c.job_id)
)
_HEAD = _WAITING.where(bindparam("limit") > _RUNNING_OF_USER).limit(1)
_SILENT = _WAITING.where(_outbox.c.published_at.is_(None)).limit(bindparam("room"))
_RETIRE_LAST = (
    update(_outbox)
    .where(
        _outbox.c.job_id
        == _MESSAGES.order_by(_outbox.c.priority.desc(), _outbox.c.job_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    .values(published_at=None)
)


def _waiting_users() -> CTE:
    """Yield the ids of the users that wait, then NULL, by one look into the index for each."""
    first = select(func.min(_outbox.c.user_id).label("user_id"))
    users = first.where(_outbox.c.queue == _queue).cte("waiting_users", recursive=True)
    later = _outbox.alias()
    following = select(func.min(later.c.user_id)).where(
        later.c.queue == _queue, later.c.user_id > users.c.user_id
    )
    step = select(following.scalar_subquery()).where(users.c.user_id.is_not(None))
    return users.union_all(step)


def _next_user() -> Select[int]:
    running = (
        select(_jobs.c.user_id, func.count().label("count"))
        .where(_RUNNING)
        .group_by(_jobs.c.user_id)
        .subquery()
    )
    count = func.coalesce(running.c.count, 0)
    return (
        select(_users.c.id)
        .join(_USERS, _USERS.c.user_id == _users.c.id)
        .outerjoin(running, running.c.user_id == _users.c.id)
        .where(
            count < bindparam("limit"),
            _users.c.id.not_in(bindparam("passed_over", expanding=True)),
        )
        .order_by(count, _users.c.turn_at, _users.c.id)
        .limit(1)
    )


_USERS = _waiting_users()
_NEXT_USER = _next_user()
_TAKE_TURN = (
    update(_users).where(_users.c.id == bindparam("of_user")).values(turn_at=bindparam("now"))
)
