"""What an attempt has to do, as the database says."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from app.jobs.bench import Bench
from app.models import Job, Revision
from app.toolchains.base import Toolchain

#: What the platform keeps of a job's time for storing its results, in seconds. Celery's soft limit
#: lies 60 s below MAX_JOB_DURATION_SECONDS: the tools must have ended before.
STORING_SECONDS = 90


@dataclass(frozen=True)
class Work:
    """A job that has been claimed. `max_seconds`: what its commands may take together."""

    user_id: int
    toolchain: Toolchain
    config: dict[str, Any]
    needs: str
    tree_digest: str
    max_seconds: float
    #: The job with whose finished steps this one begins.
    continues: int | None
    traceparent: str | None


_WORK = (
    select(
        *(Job.user_id, Job.toolchain, Job.config, Job.needs, Job.max_seconds),
        *(Job.continues, Job.traceparent, Revision.tree_digest),
    )
    .join(Revision, Revision.id == Job.revision_id)
    .where(Job.id == bindparam("job"))
)


def read_work(bench: Bench, job_id: int, began: float) -> Work:
    """Return what a job is about, for a task that began at `began` by the monotonic clock."""
    # Celery's own limit counts from the task's start, also what an outage takes of it.
    spent = time.monotonic() - began
    limit = bench.context.settings.max_job_duration_seconds - STORING_SECONDS - spent
    with bench.context.database.reading() as session:
        job = session.execute(_WORK, {"job": job_id}).one()
    return Work(
        user_id=job.user_id,
        toolchain=bench.toolchains[job.toolchain],
        config=job.config,
        needs=job.needs,
        tree_digest=job.tree_digest,
        max_seconds=min(job.max_seconds, limit),
        continues=job.continues,
        traceparent=job.traceparent,
    )
