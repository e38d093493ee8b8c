"""How full the queues are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Job, JobStatus, JobType, OutboxMessage


@dataclass(frozen=True)
class QueueState:
    """A queue: jobs that wait and run, users that wait, and since when the oldest waits."""

    name: str
    waiting: int
    users: int
    running: int
    oldest: datetime | None


def queue_states(session: Session) -> list[QueueState]:
    """Return the queues; reads one index entry for each job that waits or runs."""
    return [_state(session, name) for name in JobType]


def _state(session: Session, name: JobType) -> QueueState:
    waiting = select(
        func.count(),
        func.count(OutboxMessage.user_id.distinct()),
        func.min(OutboxMessage.created_at),
    ).where(OutboxMessage.queue == name)
    running = select(func.count()).where(Job.status == JobStatus.RUNNING, Job.job_type == name)
    count, users, oldest = session.execute(waiting).one()
    return QueueState(name, count, users, session.scalar(running) or 0, oldest)
