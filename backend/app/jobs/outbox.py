"""The relay: sees to it that every pending job has a message in the broker.

A message is (re)sent when
- it was never sent (the broker was away when the job was submitted),
- the broker has forgotten all it knew (its epoch has changed),
- its queue is empty, yet the job waits: the message was lost on the way, or with a worker that had
  taken it,
- it is older than `republish_seconds`, whatever the reason.
Sending once too often costs a message that finds nothing to claim.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update

from app.core.clock import utcnow
from app.core.logging import get_logger
from app.db.engine import Database
from app.jobs.broker import BROKER_ERRORS, Broker
from app.models import Job, OutboxMessage

log = get_logger(__name__)

#: How long a message may be on its way from an empty queue to the claim, in seconds.
IN_FLIGHT_SECONDS = 15
#: How many messages one round sends at the most.
BATCH = 500


def publish(database: Database, broker: Broker, job_id: int, job_type: str) -> bool:
    """Send a job's message; False, with a log line, when the broker is away."""
    try:
        epoch = broker.epoch()
        task_id = broker.send(job_id, job_type)
    except BROKER_ERRORS as error:
        log.warning("message not sent; the relay will", job=job_id, error=str(error))
        return False
    _mark_sent(database, job_id, epoch, task_id)
    return True


def relay(database: Database, broker: Broker, republish_seconds: float) -> int:
    """Send what has to be sent and return how many messages were."""
    with database.reading() as session:
        if session.scalar(select(OutboxMessage.job_id).limit(1)) is None:
            return 0
    try:
        due = _due(broker, republish_seconds)
    except BROKER_ERRORS as error:
        log.warning("broker away; pending jobs wait", error=str(error))
        return 0
    with database.reading() as session:
        query = select(OutboxMessage.job_id, OutboxMessage.queue).where(due)
        rows = session.execute(query.order_by(OutboxMessage.job_id).limit(BATCH)).all()
    return sum(publish(database, broker, job_id, queue) for job_id, queue in rows)


def _due(broker: Broker, republish_seconds: float) -> ColumnElement[bool]:
    now = utcnow()
    empty = [name for name in ("build", "simulation") if broker.waiting(name) == 0]
    return or_(
        OutboxMessage.published_at.is_(None),
        OutboxMessage.epoch != broker.epoch(),
        OutboxMessage.published_at < now - timedelta(seconds=republish_seconds),
        (OutboxMessage.queue.in_(empty)) & (OutboxMessage.published_at < _settled(now)),
    )


def _settled(now: datetime) -> datetime:
    return now - timedelta(seconds=IN_FLIGHT_SECONDS)


def _mark_sent(database: Database, job_id: int, epoch: str, task_id: str) -> None:
    with database.writing() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.job_id == job_id)
            .values(published_at=utcnow(), epoch=epoch)
        )
        session.execute(update(Job).where(Job.id == job_id).values(celery_task_id=task_id))
