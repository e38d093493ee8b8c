"""The relay: sees to it that for every job that may begin there is a message in the broker.

Messages are sent when a job is submitted or handed back, when one ends and so makes room for the
next of its user, and by the relay, which looks at all that waits again and again. It sends anew
what the broker has lost:
- it has forgotten all it knew (its epoch has changed),
- its queue is empty, yet the job waits: the message was lost on the way, or with a worker that had
  taken it,
- the message is older than `republish_seconds`, whatever the reason,
- a worker has told something new of what it can run (`send_anew`).
A worker that can run none of the waiting jobs uses a message up. While there are jobs that another
could run, it passes the message on, as often as each live worker may have had it twice (one that
has just become free asks a moment later than those that idle); then the relay sends it anew. Idle
workers thus use up what is meant for busy ones, so a worker that has ended a job sends itself
another message if there is a job that not all workers could begin (`call_again`).
Sending once too often costs a message that finds nothing to begin.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, or_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from app.core.logging import get_logger
from app.db.base import table_of
from app.db.clock import database_now
from app.jobs.abilities import can_run, live_abilities, of_queue, runnable
from app.jobs.broker import BROKER_ERRORS, QUEUES
from app.jobs.context import Context
from app.jobs.patience import OUTAGES, note_outage
from app.jobs.turns import (
    Taker,
    admissible,
    first_for,
    kinds,
    messages,
    unfit,
    waiting_users,
)
from app.models import OutboxMessage

log = get_logger(__name__)

_outbox = table_of(OutboxMessage)
_SILENT = _outbox.c.published_at.is_(None)
_THESE = _outbox.c.job_id.in_(bindparam("jobs", expanding=True))


def _noting(still: ColumnElement[bool]) -> ReturningUpdate[tuple[int]]:
    return (
        update(_outbox)
        .where(_THESE, still)
        .values(published_at=bindparam("now"), epoch=bindparam("new_epoch"))
        .returning(_outbox.c.job_id)
    )


_NOTE = _noting(_SILENT)
_OUTDATE = update(_outbox).where(_outbox.c.published_at.is_not(None)).values(epoch="")
_FORGET = update(_outbox).where(_THESE).values(published_at=None)

#: How long a message may be on its way from an empty queue to the claim, in seconds.
IN_FLIGHT_SECONDS = 5


class Outgoing:
    """Messages for a user's waiting jobs: noted as sent in a transaction, sent after its end.

    What cannot be sent is noted as not sent again; what is lost because this process dies between
    the two counts as lost on the way.
    """

    def __init__(self, context: Context, queue: str, user_id: int) -> None:
        self._context = context
        self._queue = queue
        self._user_id = user_id
        self._epoch = _epoch(context)
        self._jobs: list[int] = []

    def note(self, session: Session) -> None:
        """Choose as many of the waiting jobs as may begin; none while the broker is away."""
        self._jobs = []
        if self._epoch is not None:
            limit = self._context.settings.max_running_jobs_per_user
            chosen = admissible(session, self._queue, self._user_id, limit)
            self._jobs = _note(session, _NOTE, chosen, self._epoch)

    def send(self) -> int:
        """Send what was noted; return how many messages were."""
        return _send(self._context, self._queue, self._jobs)


def admit(context: Context, queue: str, user_id: int) -> int:
    """Send messages for a user's waiting jobs, as many as may begin; return how many were sent."""
    limit = context.settings.max_running_jobs_per_user
    with context.database.reading() as session:
        if not admissible(session, queue, user_id, limit):
            return 0
    outgoing = Outgoing(context, queue, user_id)
    with context.database.writing() as session:
        outgoing.note(session)
    return outgoing.send()


def relay(context: Context) -> int:
    """Send what has to be sent and return how many messages were."""
    return sum(_relay_queue(context, queue.name) for queue in QUEUES)


def _relay_queue(context: Context, queue: str) -> int:
    with context.database.reading() as session:
        users, now = waiting_users(session, queue), database_now(session)
    if not users:
        return 0
    epoch = _epoch(context)
    if epoch is None:
        return 0
    lost = _lost(context, queue, epoch, now)
    return sum(_relay_user(context, queue, user_id, epoch, lost) for user_id in users)


def _relay_user(
    context: Context, queue: str, user_id: int, epoch: str, lost: ColumnElement[bool]
) -> int:
    with context.database.writing() as session:
        there = _outbox.c.needs.in_(runnable(session, queue, kinds(session, queue)))
        jobs = list(session.scalars(messages(queue, user_id).where(lost, there)))
        again = _note(session, _noting(lost), jobs, epoch)
    return _send(context, queue, again) + admit(context, queue, user_id)


def send_anew(session: Session) -> None:
    """Have the relay send all messages once more: who could not begin their jobs now may."""
    session.execute(_OUTDATE)


def pass_on(context: Context, queue: str, taker: Taker, job_id: int, passed: int) -> None:
    """Send a message on that has found nothing for this worker, if there is some for another.

    `passed`: how often that was done with it.
    """
    with suppress(*OUTAGES, *BROKER_ERRORS):  # then the relay will
        with context.database.reading() as session:
            for_others = unfit(session, taker, kinds(session, queue))
            may = bool(for_others) and passed < 2 * (len(live_abilities(session)) - 1)
            could = runnable(session, queue, for_others) if may else []
        if could:
            context.broker.send(job_id, queue, passed + 1)


def call_again(context: Context, queue: str, taker: Taker) -> None:
    """Send a message for a job that a worker can begin which has just ended another.

    Not where all workers can run it: then nobody has used its message up.
    """
    with suppress(*OUTAGES, *BROKER_ERRORS):  # then the relay will
        with context.database.reading() as session:
            first = first_for(session, queue, taker)
            live = of_queue(live_abilities(session), queue) if first else []
            is_rare = first is not None and not all(can_run(one, first.needs) for one in live)
        if first is not None and is_rare:
            context.broker.send(first.job_id, queue)


def _lost(context: Context, queue: str, epoch: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition of a message that was sent and has to be sent again."""
    republish = context.settings.republish_seconds
    patience = IN_FLIGHT_SECONDS if _is_empty(context, queue) else republish
    overdue = _outbox.c.published_at < now - timedelta(seconds=patience)
    return or_(_outbox.c.epoch != epoch, overdue)


def _is_empty(context: Context, queue: str) -> bool:
    try:
        return context.broker.waiting(queue) == 0
    except BROKER_ERRORS:
        return False


def _epoch(context: Context) -> str | None:
    """Return the broker's epoch; None while it is away, when nothing can be sent."""
    try:
        return context.broker.epoch()
    except BROKER_ERRORS as error:
        note_outage(error, "redis")
        log.warning("broker away; pending jobs wait", error=str(error))
        return None


def _note(
    session: Session, noting: ReturningUpdate[tuple[int]], jobs: list[int], epoch: str
) -> list[int]:
    """Note messages as sent now; return those that nobody else has noted meanwhile."""
    values = {"jobs": jobs, "now": database_now(session), "new_epoch": epoch}
    return list(session.scalars(noting, values)) if jobs else []


def _send(context: Context, queue: str, jobs: list[int]) -> int:
    sent = 0
    try:
        for job_id in jobs:
            context.broker.send(job_id, queue)
            sent += 1
    except BROKER_ERRORS as error:
        log.warning("messages not sent; the relay will", jobs=jobs[sent:], error=str(error))
        with context.database.writing() as session:
            session.execute(_FORGET, {"jobs": jobs[sent:]})
    return sent
