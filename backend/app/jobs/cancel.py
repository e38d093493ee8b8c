"""Cancelling: a flag in the database, and a hint so that it is seen at once."""

from app.core.logging import get_logger
from app.jobs.access import get_job
from app.jobs.broker import BROKER_ERRORS
from app.jobs.context import Context
from app.jobs.live import LiveStream
from app.jobs.states import cancel
from app.models import Job, JobStatus, User

log = get_logger(__name__)


def request_cancel(context: Context, user: User, job_id: int) -> Job:
    """Cancel a pending job at once and a running one as soon as its worker can.

    NotFoundError when there is no such job for `user`, ForbiddenError when the project may only be
    read, ConflictError when the job has ended.
    """
    with context.database.writing() as session:
        job = get_job(session, user, job_id, change=True)
        status = cancel(session, job)
        session.flush()
        session.refresh(job)
    if status is JobStatus.RUNNING:
        _tell_worker(context, job_id)
    return job


def _tell_worker(context: Context, job_id: int) -> None:
    try:
        LiveStream(context.broker.redis).ask_to_cancel(job_id)
    except BROKER_ERRORS as error:
        log.info("the worker sees the cancel at its next heartbeat", job=job_id, error=str(error))
