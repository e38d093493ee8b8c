"""Whose turn it is: which of the jobs that wait in a queue begins next.

A message says that a job waits, not which one is to run; that is chosen when a worker is free:
1. of the users with waiting jobs, and with fewer running jobs of this type than their limit, the
   one with the fewest; of equals the one whose last turn was the longest ago (round-robin),
2. of their jobs the one of the highest priority, of equals the oldest.
Jobs that this worker cannot run are passed over (`app.jobs.abilities`).

The cost does not grow with the number of waiting jobs: one index entry is read for each user that
waits and each kind of needs, one for each job that runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, Integer, Row, Select, String, bindparam, exists, func, select, update
from sqlalchemy.orm import Session

from app.db.base import table_of
from app.db.clock import database_now
from app.db.engine import Database
from app.jobs.abilities import Abilities, abilities_of, can_run, runnable
from app.jobs.claims import Claim
from app.jobs.holds import is_held
from app.jobs.states import claim
from app.models import Job, JobStatus, OutboxMessage, User


@dataclass(frozen=True)
class Taker:
    """Who takes jobs: a worker, with a Celery task of its own for each, on leases of this length.

    `limit`: how many jobs of a type one user may have running. `worker`: the process,
    `station`: the worker that it belongs to, as `app.jobs.presence` names it.
    """

    worker: str
    task_id: str | None
    lease_seconds: float
    limit: int
    station: str = ""
    #: What it has for sure, also before it has told more; None: it takes any job.
    basic: Abilities | None = None


def claim_next(database: Database, queue: str, taker: Taker) -> Claim | None:
    """Begin an attempt at the job whose turn it is; None when none of the queue may begin."""
    passed_over: list[int] = []
    while True:
        with database.writing() as session:
            if is_held(session, taker.station):
                return None
            fits = _fitting(session, queue, taker)
            asked = {"in_queue": queue, "limit": taker.limit, "passed_over": passed_over}
            user_id = session.scalar(_NEXT_USER, {**asked, "fits": fits}) if fits else None
            if user_id is None:
                return None
            # Others that would begin a job of the same user wait here until we have.
            session.execute(_TAKE_TURN, {"of_user": user_id, "now": database_now(session)})
            head = _head(session, {**asked, "of_user": user_id}, fits)
            mine = _claim_head(session, head, taker) if head else None
        if mine is not None:
            return mine
        if head is None:  # another worker has just begun their last
            passed_over.append(user_id)


def first_for(session: Session, queue: str, taker: Taker) -> Row[*tuple[Any, ...]] | None:
    """Return the outbox row of a job that a worker may begin now; None if there is none."""
    if is_held(session, taker.station):
        return None
    fits = _fitting(session, queue, taker)
    asked = {"in_queue": queue, "limit": taker.limit}
    user_id = fits and session.scalar(_NEXT_USER, {**asked, "fits": fits, "passed_over": []})
    return _head(session, {**asked, "of_user": user_id}, fits) if user_id else None


def admissible(session: Session, queue: str, user_id: int, limit: int) -> list[int]:
    """Return the waiting jobs of a user that a message should be sent for, first ones first.

    A user never has more messages and running jobs together than running jobs are allowed: more
    messages would find nothing that may begin. That holds for each kind of needs by itself: one
    kind may have to wait for a worker of its own. None is sent for jobs that no worker can run.
    """
    asked = {"in_queue": queue, "of_user": user_id, "limit": limit}
    found = []
    for key in runnable(session, queue, kinds(session, queue)):
        of_kind = {**asked, "of_needs": key}
        room = limit - session.execute(_TAKEN, of_kind).scalar_one()
        if room > 0:
            found += [row.job_id for row in session.execute(_SILENT, {**of_kind, "room": room})]
    return found


def kinds(session: Session, queue: str) -> list[str]:
    """Return the kinds of needs that waiting jobs of a queue have."""
    found = session.scalars(select(_KINDS.c.needs), {"in_queue": queue})
    return [needs for needs in found if needs is not None]


def waiting_users(session: Session, queue: str) -> list[int]:
    """Return the users with waiting jobs."""
    found = session.scalars(select(_USERS.c.user_id), {"in_queue": queue})
    return [user_id for user_id in found if user_id is not None]


def messages(queue: str, user_id: int) -> Select[int]:
    """Return the query of a user's waiting jobs for which a message was sent."""
    return _SENT.params(in_queue=queue, of_user=user_id)


def unfit(session: Session, taker: Taker, waiting: Sequence[str]) -> list[str]:
    """Return those of the kinds of needs that a worker does not meet."""
    if taker.basic is None:
        return []
    able = abilities_of(session, taker.station) or taker.basic
    return [key for key in waiting if not can_run(able, key)]


def _fitting(session: Session, queue: str, taker: Taker) -> list[str]:
    """Return the kinds of needs that a worker meets."""
    waiting = kinds(session, queue)
    not_mine = unfit(session, taker, waiting)
    return [key for key in waiting if key not in not_mine]


def _head(
    session: Session, asked: dict[str, Any], fits: Sequence[str]
) -> Row[*tuple[Any, ...]] | None:
    """Return the first job of a user that a worker can run and that may begin."""
    heads = (session.execute(_HEAD, {**asked, "of_needs": key}).one_or_none() for key in fits)
    found = [head for head in heads if head is not None]
    return min(found, key=lambda head: (head.priority, head.job_id), default=None)


def _claim_head(session: Session, head: Row[*tuple[Any, ...]], taker: Taker) -> Claim | None:
    mine = claim(session, head.job_id, taker.worker, taker.lease_seconds, taker.task_id)
    if mine is not None and head.published_at is None:
        # It came when its user already had enough messages, and has used up another's.
        same = {"in_queue": head.queue, "of_user": head.user_id, "of_needs": head.needs}
        session.execute(_RETIRE_LAST, same)
    return mine


# The queries are made once: to make one takes longer than to run it.

_outbox, _users, _jobs = (table_of(model) for model in (OutboxMessage, User, Job))
_queue, _user_id = bindparam("in_queue", type_=String), bindparam("of_user", type_=Integer)
_needs = bindparam("of_needs", type_=String)
#: Before every message. SQLite finds `published_at > X` by its index, `IS NOT NULL` not.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)

_OF_USER = (_outbox.c.queue == _queue) & (_outbox.c.user_id == _user_id)
_OF_KIND = _OF_USER & (_outbox.c.needs == _needs)
_SENT = select(_outbox.c.job_id).where(_OF_USER, _outbox.c.published_at > _LONG_AGO)
_SENT_OF_KIND = _SENT.where(_outbox.c.needs == _needs)
_RUNNING = (_jobs.c.status == JobStatus.RUNNING) & (_jobs.c.job_type == _queue)
_RUNNING_OF_USER = (
    select(func.count())
    .select_from(_jobs)
    .where(_RUNNING, _jobs.c.user_id == _user_id)
    .scalar_subquery()
)
_TAKEN = select(
    _RUNNING_OF_USER + select(func.count()).select_from(_SENT_OF_KIND.subquery()).scalar_subquery()
)
#: A user's waiting jobs of a kind in the order in which they begin.
_WAITING = select(_outbox).where(_OF_KIND).order_by(_outbox.c.priority, _outbox.c.job_id)
_HEAD = _WAITING.where(bindparam("limit") > _RUNNING_OF_USER).limit(1)
_SILENT = _WAITING.where(_outbox.c.published_at.is_(None)).limit(bindparam("room"))
_RETIRE_LAST = (
    update(_outbox)
    .where(
        _outbox.c.job_id
        == _SENT_OF_KIND.order_by(_outbox.c.priority.desc(), _outbox.c.job_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    .values(published_at=None)
)


def _kinds() -> CTE:
    """Yield the kinds of needs that wait, then NULL, by one look into the index for each."""
    first = select(func.min(_outbox.c.needs).label("needs"))
    found = first.where(_outbox.c.queue == _queue).cte("kinds", recursive=True)
    later = _outbox.alias()
    following = select(func.min(later.c.needs)).where(
        later.c.queue == _queue, later.c.needs > found.c.needs
    )
    return found.union_all(select(following.scalar_subquery()).where(found.c.needs.is_not(None)))


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
            exists().where(
                _outbox.c.queue == _queue,
                _outbox.c.needs.in_(bindparam("fits", expanding=True)),
                _outbox.c.user_id == _users.c.id,
            ),
            _users.c.id.not_in(bindparam("passed_over", expanding=True)),
        )
        .order_by(count, _users.c.turn_at, _users.c.id)
        .limit(1)
    )


_KINDS = _kinds()
_USERS = _waiting_users()
_NEXT_USER = _next_user()
_TAKE_TURN = (
    update(_users).where(_users.c.id == bindparam("of_user")).values(turn_at=bindparam("now"))
)
