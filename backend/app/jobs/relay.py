"""The relay: sees to it that for every job that may begin there is a message in the broker.

It sends anew what the broker has lost:
- it has forgotten all it knew (its epoch has changed),
- its queue is empty, yet the job waits: the message was lost on the way, or with a worker that had
  taken it,
- the message is older than `republish_seconds`, whatever the reason,
- a worker has told something new of what it can run (`outbox.send_anew`).
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_

from app.db.base import table_of
from app.db.clock import database_now
from app.jobs.abilities import runnable
from app.jobs.broker import BROKER_ERRORS, QUEUES
from app.jobs.context import Context
from app.jobs.outbox import admit, epoch_of, note_sent, send
from app.jobs.turns import kinds, messages, waiting_users
from app.models import OutboxMessage

_outbox = table_of(OutboxMessage)
#: How long a message may be on its way from an empty queue to the claim, in seconds.
IN_FLIGHT_SECONDS = 5


def relay(context: Context) -> int:
    """Send what has to be sent and return how many messages were."""
    return sum(_relay_queue(context, queue.name) for queue in QUEUES)


def _relay_queue(context: Context, queue: str) -> int:
    with context.database.reading() as session:
        users, now = waiting_users(session, queue), database_now(session)
    if not users:
        return 0
    epoch = epoch_of(context)
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
        again = note_sent(session, jobs, epoch, lost)
    return send(context, queue, again) + admit(context, queue, user_id)


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
