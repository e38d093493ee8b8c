"""Doing a job that has ended again: as it was, or from one of its steps on with changes."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import tracing
from app.core.errors import ConflictError
from app.core.logging import get_logger
from app.jobs.access import get_job
from app.jobs.complete_config import complete_config, offered_toolchains
from app.jobs.context import Context
from app.jobs.earlier import kept_steps
from app.jobs.holds import refuse_in_maintenance
from app.jobs.kept_config import layered
from app.jobs.outbox import Outgoing
from app.jobs.submit import add_job
from app.models import Job, JobStatus, Revision, User
from app.storage.trees import get_tree

log = get_logger(__name__)

_NO_STEPS = "Job {} has no finished steps to begin with; run it again."
#: What a job that does another again has in common with it.
_SAME = (
    *("project_id", "revision_id", "job_type", "toolchain"),
    *("config", "needs", "max_seconds", "priority", "continues"),
)


def retry(context: Context, user: User, job_id: int) -> Job:
    """Make a job of the same revision and config as one that has ended, linked to it.

    One that began with another job's steps begins with them again.

    NotFoundError when there is no such job for `user`, ForbiddenError when the project may only be
    read, ConflictError when the job has not ended, MaintenanceError.
    """
    return _again(context, user, job_id, {"retry_of": job_id})


@tracing.span("submit")
def _again(context: Context, user: User, job_id: int, values: dict[str, Any]) -> Job:
    with context.database.reading() as session:
        refuse_in_maintenance(session)
        job_type = get_job(session, user, job_id, change=True).job_type
    outgoing = Outgoing(context, job_type, user.id)
    with context.database.writing() as session:
        _hold(session, job_id)
        old = get_job(session, user, job_id, change=True)
        if not JobStatus(old.status).is_terminal:
            raise ConflictError(
                f"Job {job_id} is {old.status}; it can be run again when it has ended."
            )
        same = {name: getattr(old, name) for name in _SAME}
        job = Job(**{**same, **values}, user_id=user.id)
        if job.continues is not None:
            _hold(session, job.continues)
        if "continues" in values and kept_steps(session, values["continues"]) is None:
            raise ConflictError(_NO_STEPS.format(job_id))  # the retention was faster
        add_job(session, job, outgoing)
    outgoing.send()
    log.info("job submitted", job=job.id, job_type=job.job_type)
    return job


def _hold(session: Session, job_id: int) -> None:
    """Keep a job and its steps from being removed before ours is there (`app.jobs.retention`)."""
    held = select(Job.id).where(Job.id == job_id)
    session.execute(held.with_for_update(read=True, key_share=True))


def restart(context: Context, user: User, job_id: int, changes: dict[str, Any]) -> Job:
    """Make a job that begins with the finished steps of one that has ended.

    One that has none of its own, as it did not get that far, lends those that it was to begin with.
    `changes` to the config: `from` (the step to begin with; None: where the job stopped), `to`, and
    others. Errors as of retry(); InvalidError for what was asked; ConflictError when the job has
    finished no step that was kept.
    """
    toolchains = offered_toolchains(context)
    with context.database.reading() as session:
        old = get_job(session, user, job_id, change=True)
        revision = session.get_one(Revision, old.revision_id)
        lenders = [one for one in (job_id, old.continues) if one is not None]
        kept = [one for one in lenders if kept_steps(session, one) is not None]
    if not kept:
        raise ConflictError(_NO_STEPS.format(job_id))
    raw = layered({**old.config, "from": None, "to": None}, changes)
    if raw["from"] is None and kept[0] != job_id:
        # What the lender did from there on was done without what this job changed.
        raw["from"] = old.config.get("from")
    tree = get_tree(context.store, revision.tree_digest)
    config, needs = complete_config(context, toolchains[old.toolchain], raw, tree)
    changed = {"config": config, "needs": needs, "continues": kept[0]}
    return _again(context, user, job_id, changed)
