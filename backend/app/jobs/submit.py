"""Submitting a job: the database alone decides; the broker is told afterwards."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import tracing
from app.core.errors import ConflictError, InvalidError
from app.core.logging import get_logger
from app.jobs.access import get_job
from app.jobs.context import Context
from app.jobs.earlier import kept_steps
from app.jobs.holds import refuse_in_maintenance
from app.jobs.kept_config import layered
from app.jobs.offers import offered
from app.jobs.outbox import Outgoing
from app.jobs.states import enqueue
from app.models import Job, JobStatus, JobType, Priority, Revision, User
from app.projects.projects import get_project
from app.projects.revisions import current_tree, keep_revision
from app.storage.blobs import get_blob
from app.storage.trees import TreeFile, get_tree, put_tree
from app.toolchains.base import BadInputError, Toolchain
from app.toolchains.registry import default_toolchain, make_toolchains

log = get_logger(__name__)


@dataclass(frozen=True)
class Request:
    """What a user asks for. `max_seconds` None means as long as this a6hub allows."""

    project_id: int
    job_type: JobType
    config: dict[str, Any]
    max_seconds: int | None = None
    priority: Priority = Priority.NORMAL


@tracing.span("submit")
def submit(context: Context, user: User, request: Request) -> Job:
    """Make a job of the project's files of this moment, and tell the broker.

    Raises NotFoundError and ForbiddenError for the project, InvalidError for what was asked,
    MaintenanceError. A broker that is away is no error: the relay sends the message later.
    """
    toolchain = default_toolchain(_toolchains(context), request.job_type)
    is_build = request.job_type == JobType.BUILD
    max_seconds = _max_seconds(context, request)
    with context.database.reading() as session:
        refuse_in_maintenance(session)
        project = get_project(session, user, request.project_id, change=True)
        tree = current_tree(session, project)
    if request.config.get("from") is not None:
        raise InvalidError.at(
            "config.from", "Only a build that has ended can be begun in its midst."
        )
    raw = layered(project.build_config, request.config) if is_build else request.config
    config, needs = _config(context, toolchain, raw, tree)
    tree_digest = put_tree(context.store, tree)
    outgoing = Outgoing(context, request.job_type, user.id)
    with context.database.writing() as session:
        job = Job(
            project_id=project.id,
            revision_id=keep_revision(session, project, tree_digest).id,
            user_id=user.id,
            job_type=request.job_type,
            toolchain=toolchain.name,
            config=config,
            needs=needs,
            max_seconds=max_seconds,
            priority=request.priority,
        )
        _add(session, job, outgoing)
    outgoing.send()
    log.info("job submitted", job=job.id, job_type=job.job_type)
    return job


def retry(context: Context, user: User, job_id: int) -> Job:
    """Make a job of the same revision and config as one that has ended, linked to it.

    One that began with another job's steps begins with them again.

    NotFoundError when there is no such job for `user`, ForbiddenError when the project may only be
    read, ConflictError when the job has not ended,
    MaintenanceError.
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
        if "continues" in values and kept_steps(session, job_id) is None:
            raise ConflictError(_NO_STEPS.format(job_id))  # the retention was faster
        _add(session, job, outgoing)
    outgoing.send()
    log.info("job submitted", job=job.id, job_type=job.job_type)
    return job


def _hold(session: Session, job_id: int) -> None:
    """Keep a job and its steps from being removed before ours is there (`app.jobs.retention`)."""
    held = select(Job.id).where(Job.id == job_id)
    session.execute(held.with_for_update(read=True, key_share=True))


def restart(context: Context, user: User, job_id: int, changes: dict[str, Any]) -> Job:
    """Make a job that begins with the finished steps of one that has ended.

    `changes` to the config: `from` (the step to begin with; without it, where the job stopped),
    `to`, and others. Errors as of retry(); InvalidError for what was asked; ConflictError when the
    job has finished no step that was kept.
    """
    toolchains = _toolchains(context)
    with context.database.reading() as session:
        old = get_job(session, user, job_id, change=True)
        revision = session.get_one(Revision, old.revision_id)
        kept = kept_steps(session, job_id)
    if kept is None:
        raise ConflictError(_NO_STEPS.format(job_id))
    raw = layered({**old.config, "from": None, "to": None}, changes)
    tree = get_tree(context.store, revision.tree_digest)
    config, needs = _config(context, toolchains[old.toolchain], raw, tree)
    changed = {"config": config, "needs": needs, "continues": job_id}
    return _again(context, user, job_id, changed)


_NO_STEPS = "Job {} has no finished steps to begin with; run it again."
#: What a job that does another again has in common with it.
_SAME = (
    *("project_id", "revision_id", "job_type", "toolchain"),
    *("config", "needs", "max_seconds", "priority", "continues"),
)


def _add(session: Session, job: Job, outgoing: Outgoing) -> None:
    job.traceparent = tracing.traceparent()
    session.add(job)
    session.flush()
    tracing.note(a6hub__job__id=job.id, a6hub__job__type=job.job_type)
    enqueue(session, job)
    session.flush()
    outgoing.note(session)


def _max_seconds(context: Context, request: Request) -> int:
    limit = context.settings.max_job_duration_seconds
    wanted = request.max_seconds if request.max_seconds is not None else limit
    if not 1 <= wanted <= limit:
        raise InvalidError.at("max_seconds", f"must be from 1 to {limit} seconds, not {wanted}.")
    return wanted


def _toolchains(context: Context) -> dict[str, Toolchain]:
    return make_toolchains(context.settings, lambda: offered(context))


def _config(
    context: Context, toolchain: Toolchain, config: dict[str, Any], tree: dict[str, TreeFile]
) -> tuple[dict[str, Any], str]:
    """Return a config complete, and the key of what a worker needs for it."""
    if not tree:
        raise InvalidError("The project has no files; upload the design first.")
    paths = sorted(tree)
    read = cache(lambda path: get_blob(context.store, tree[path].digest))
    try:
        complete = toolchain.validate(config, paths, read)
        return complete, toolchain.needs(complete, paths, read).key
    except BadInputError as error:
        raise InvalidError.of([(error.field, error.message), *error.more]) from error
