"""Messages for jobs that may begin: noted as sent in a transaction, sent after its end.

They are sent when a job is submitted or handed back, when one ends and so makes room for the next
of its user, and by the relay (`app.jobs.relay`), which looks at all that waits again and again.
Sending once too often costs a message that finds nothing to begin.
"""

from sqlalchemy import ColumnElement, bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from app.core.logging import get_logger
from app.db.base import table_of
from app.db.clock import database_now
from app.jobs.broker import BROKER_ERRORS
from app.jobs.context import Context
from app.jobs.patience import note_outage
from app.jobs.turns import admissible
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


class Outgoing:
    """Messages for a user's waiting jobs: noted as sent in a transaction, sent after its end.

    What cannot be sent is noted as not sent again; what is lost because this process dies between
    the two counts as lost on the way.
    """

    def __init__(self, context: Context, queue: str, user_id: int) -> None:
        self._context = context
        self._queue = queue
        self._user_id = user_id
        self._epoch = epoch_of(context)
        self._jobs: list[int] = []

    def note(self, session: Session) -> None:
        """Choose as many of the waiting jobs as may begin; none while the broker is away."""
        self._jobs = []
        if self._epoch is not None:
            limit = self._context.settings.max_running_jobs_per_user
            chosen = admissible(session, self._queue, self._user_id, limit)
            self._jobs = note_sent(session, chosen, self._epoch)

    def send(self) -> int:
        """Send what was noted; return how many messages were."""
        return send(self._context, self._queue, self._jobs)


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


def send_anew(session: Session) -> None:
    """Have the relay send all messages once more: who could not begin their jobs now may."""
    session.execute(_OUTDATE)


def epoch_of(context: Context) -> str | None:
    """Return the broker's epoch; None while it is away, when nothing can be sent."""
    try:
        return context.broker.epoch()
    except BROKER_ERRORS as error:
        note_outage(error, "redis")
        log.warning("broker away; pending jobs wait", error=str(error))
        return None


def note_sent(
    session: Session, jobs: list[int], epoch: str, lost: ColumnElement[bool] | None = None
) -> list[int]:
    """Note messages as sent now; return those that nobody else has noted meanwhile.

    `lost`: the condition of messages that are sent again; without it none was sent before.
    """
    noting = _NOTE if lost is None else _noting(lost)
    values = {"jobs": jobs, "now": database_now(session), "new_epoch": epoch}
    return list(session.scalars(noting, values)) if jobs else []


def send(context: Context, queue: str, jobs: list[int]) -> int:
    """Send messages that are noted as sent; return how many were, the others count as not sent."""
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
