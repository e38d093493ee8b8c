"""Taking a running job from a worker that is stuck."""

from app.core.errors import ConflictError, NotFoundError
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.outbox import Outgoing
from app.jobs.states import release
from app.models import Job, JobStatus

#: What to do instead with a job that does not run.
_INSTEAD = {JobStatus.PENDING: "It waits already.", None: "Run it again from its page."}


def requeue(context: Context, job_id: int) -> str | None:
    """Send a running job back to the queue; return the worker that had it.

    Its attempt does not count. The worker finds out at its next heartbeat, ends its tools and can
    write nothing. One that was to be cancelled is cancelled. NotFoundError when there is no such
    job, ConflictError when it does not run.
    """
    with context.database.reading() as session:
        job = session.get(Job, job_id)
    if job is None:
        raise NotFoundError(f"There is no job {job_id}.")
    outgoing = Outgoing(context, job.job_type, job.user_id)
    with context.database.writing() as session:
        words = f"Taken from the worker {job.worker} by the operator."
        if not release(session, Claim(job_id, job.attempt), words):
            status = JobStatus(session.get_one(Job, job_id).status)
            instead = _INSTEAD.get(status, _INSTEAD[None])
            raise ConflictError(f"Job {job_id} is {status}, not running. {instead}")
        outgoing.note(session)
    outgoing.send()
    return job.worker
