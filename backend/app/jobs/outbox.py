"""The relay: sees to it that for every job that may begin there is a message in the broker.

Messages are sent when a job is submitted or handed back, when one ends and so makes room for the
next of its user, and by the relay, which looks at all that waits again and again. It sends anew
what the broker has lost:
- it has forgotten all it knew (its epoch has changed),
- its queue is empty, yet the job waits: the message was lost on the way, or with a worker that had
  taken it,
- the message is older than `republish_seconds`, whatever the reason.
Sending once too often costs a message that finds nothing to begin.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, or_, update

from app.core.clock import utcnow
from app.core.logging import get_logger
from app.jobs.broker import BROKER_ERRORS, QUEUES, Broker
from app.jobs.context import Context
from app.jobs.turns import admissible, messages, waiting_users
from app.models import OutboxMessage

log = get_logger(__name__)

#: How long a message may be on its way from an empty queue to the claim, in seconds.
IN_FLIGHT_SECONDS = 15


def admit(context: Context, queue: str, user_id: int) -> int:
    """Send messages for a user's waiting jobs, as many as may begin; return how many were sent."""
    limit = context.settings.max_running_jobs_per_user
    with context.database.reading() as session:
        jobs = admissible(session, queue, user_id, limit)
    return publish(context, queue, jobs) if jobs else 0


def publish(context: Context, queue: str, jobs: list[int]) -> int:
    """Send the messages of jobs; return how many were sent before the broker went away."""
    sent: list[int] = []
    try:
        epoch = context.broker.epoch()
        for job_id in jobs:
            context.broker.send(job_id, queue)
            sent.append(job_id)
    except BROKER_ERRORS as error:
        unsent = jobs[len(sent) :]
        log.warning("messages not sent; the relay will", jobs=unsent, error=str(error))
    if sent:
        _mark_sent(context, sent, epoch)
    return len(sent)


def relay(context: Context) -> int:
    """Send what has to be sent and return how many messages were."""
    return sum(_relay_queue(context, queue.name) for queue in QUEUES)


def _relay_queue(context: Context, queue: str) -> int:
    with context.database.reading() as session:
        users = waiting_users(session, queue)
    if not users:
        return 0
    try:
        lost = _lost(context.broker, queue, context.settings.republish_seconds)
    except BROKER_ERRORS as error:
        log.warning("broker away; pending jobs wait", queue=queue, error=str(error))
        return 0
    return sum(_relay_user(context, queue, user_id, lost) for user_id in users)


def _relay_user(context: Context, queue: str, user_id: int, lost: ColumnElement[bool]) -> int:
    with context.database.reading() as session:
        jobs = list(session.scalars(messages(queue, user_id).where(lost)))
    again = publish(context, queue, jobs) if jobs else 0
    return again + admit(context, queue, user_id)


def _lost(broker: Broker, queue: str, republish_seconds: float) -> ColumnElement[bool]:
    """Return the condition of a message that was sent and has to be sent again."""
    patience = IN_FLIGHT_SECONDS if broker.waiting(queue) == 0 else republish_seconds
    overdue = OutboxMessage.published_at < utcnow() - timedelta(seconds=patience)
    return or_(OutboxMessage.epoch != broker.epoch(), overdue)


def _mark_sent(context: Context, jobs: list[int], epoch: str) -> None:
    with context.database.writing() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.job_id.in_(jobs))
            .values(published_at=utcnow(), epoch=epoch)
        )
