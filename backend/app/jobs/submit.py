"""Submitting a job: the database alone decides; the broker is told afterwards."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core import tracing
from app.core.errors import InvalidError
from app.core.logging import get_logger
from app.jobs.complete_config import complete_config, offered_toolchains
from app.jobs.context import Context
from app.jobs.holds import refuse_in_maintenance
from app.jobs.kept_config import layered
from app.jobs.outbox import Outgoing
from app.jobs.states import enqueue
from app.models import Job, JobType, Priority, Project, User
from app.projects.projects import get_project
from app.projects.revisions import current_tree, keep_revision
from app.storage.trees import TreeFile, put_tree
from app.toolchains.registry import default_toolchain

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
    toolchain = default_toolchain(offered_toolchains(context), request.job_type)
    max_seconds = _max_seconds(context, request)
    project, tree = _project_now(context, user, request.project_id)
    raw = _raw_config(project, request)
    config, needs = complete_config(context, toolchain, raw, tree)
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
        add_job(session, job, outgoing)
    outgoing.send()
    log.info("job submitted", job=job.id, job_type=job.job_type)
    return job


def add_job(session: Session, job: Job, outgoing: Outgoing) -> None:
    """Add a new job with its outbox row; `outgoing` is sent after the commit."""
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


def _project_now(
    context: Context, user: User, project_id: int
) -> tuple[Project, dict[str, TreeFile]]:
    with context.database.reading() as session:
        refuse_in_maintenance(session)
        project = get_project(session, user, project_id, change=True)
        return project, current_tree(session, project)


def _raw_config(project: Project, request: Request) -> dict[str, Any]:
    """Return what is asked for, over what the project keeps for its builds."""
    if request.config.get("from") is not None:
        raise InvalidError.at(
            "config.from", "Only a build that has ended can be begun in its midst."
        )
    is_build = request.job_type == JobType.BUILD
    return layered(project.build_config, request.config) if is_build else request.config
