"""Submitting a job: the database alone decides; the broker is told afterwards."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core.errors import ConflictError, InvalidError
from app.jobs.access import get_job
from app.jobs.context import Context
from app.jobs.outbox import Outgoing
from app.jobs.states import enqueue
from app.models import Job, JobStatus, JobType, Priority, User
from app.projects.projects import get_project
from app.projects.revisions import current_tree, keep_revision
from app.storage.trees import TreeFile, put_tree
from app.toolchains.base import BadInputError, Toolchain
from app.toolchains.registry import default_toolchain, make_toolchains


@dataclass(frozen=True)
class Request:
    """What a user asks for. `max_seconds` None means as long as this a6hub allows."""

    project_id: int
    job_type: JobType
    config: dict[str, Any]
    max_seconds: int | None = None
    priority: Priority = Priority.NORMAL


def submit(context: Context, user: User, request: Request) -> Job:
    """Make a job of the project's files of this moment, and tell the broker.

    Raises NotFoundError and ForbiddenError for the project, InvalidError for what was asked. A
    broker that is away is no error: the relay sends the message when it is back.
    """
    toolchain = default_toolchain(make_toolchains(context.settings), request.job_type)
    max_seconds = _max_seconds(context, request)
    with context.database.reading() as session:
        project = get_project(session, user, request.project_id, change=True)
        tree = current_tree(session, project)
    config = _config(context, toolchain, request, tree)
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
            max_seconds=max_seconds,
            priority=request.priority,
        )
        _add(session, job, outgoing)
    outgoing.send()
    return job


def retry(context: Context, user: User, job_id: int) -> Job:
    """Make a job of the same revision and config as one that has ended, linked to it.

    NotFoundError when there is no such job for `user`, ForbiddenError when the project may only be
    read, ConflictError when the job has not ended.
    """
    with context.database.reading() as session:
        job_type = get_job(session, user, job_id, change=True).job_type
    outgoing = Outgoing(context, job_type, user.id)
    with context.database.writing() as session:
        old = get_job(session, user, job_id, change=True)
        if not JobStatus(old.status).is_terminal:
            raise ConflictError(
                f"Job {job_id} is {old.status}; it can be retried when it has ended."
            )
        job = Job(**{name: getattr(old, name) for name in _SAME}, user_id=user.id, retry_of=old.id)
        _add(session, job, outgoing)
    outgoing.send()
    return job


#: What a job that does another again has in common with it.
_SAME = (
    *("project_id", "revision_id", "job_type", "toolchain"),
    *("config", "max_seconds", "priority"),
)


def _add(session: Session, job: Job, outgoing: Outgoing) -> None:
    session.add(job)
    session.flush()
    enqueue(session, job)
    session.flush()
    outgoing.note(session)


def _max_seconds(context: Context, request: Request) -> int:
    limit = context.settings.max_job_duration_seconds
    wanted = request.max_seconds if request.max_seconds is not None else limit
    if not 1 <= wanted <= limit:
        raise InvalidError.at("max_seconds", f"must be from 1 to {limit} seconds, not {wanted}.")
    return wanted


def _config(
    context: Context, toolchain: Toolchain, request: Request, tree: dict[str, TreeFile]
) -> dict[str, Any]:
    if not tree:
        raise InvalidError("The project has no files; upload the design first.")
    try:
        return toolchain.validate(request.config, sorted(tree))
    except BadInputError as error:
        raise InvalidError.at(error.field, error.message) from error
