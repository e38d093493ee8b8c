"""Builds and simulations: submitting them, and the status that scripts poll."""

from fastapi import APIRouter

from app.api.deps import Id, WithContext, WithUser
from app.api.v1.jobs import job_view
from app.core.errors import FieldError, InvalidError
from app.jobs.context import Context
from app.jobs.logs import read_log_tail
from app.jobs.queries import newest_job
from app.jobs.submit import Request, submit
from app.models import Job, JobType, Priority, User
from app.projects.projects import get_project
from app.schemas.jobs import JobBody, JobView, StatusView

#: How much of a log the status holds, in bytes.
STATUS_LOG = 64 << 10

builds = APIRouter(prefix="/builds/{project_id}/build", tags=["builds"])
simulations = APIRouter(prefix="/simulations/{project_id}/simulation", tags=["simulations"])


@builds.post("", status_code=201)
def build(
    context: WithContext, user: WithUser, project_id: Id, body: JobBody | None = None
) -> JobView:
    """Build the project's files of this moment."""
    return _submit(context, user, project_id, JobType.BUILD, body)


@builds.get("/status")
def build_status(context: WithContext, user: WithUser, project_id: Id) -> StatusView:
    """Tell how the project's newest build stands."""
    return _status(context, user, project_id, JobType.BUILD)


@simulations.post("", status_code=201)
def simulate(
    context: WithContext, user: WithUser, project_id: Id, body: JobBody | None = None
) -> JobView:
    """Simulate the project's files of this moment."""
    return _submit(context, user, project_id, JobType.SIMULATION, body)


@simulations.get("/status")
def simulation_status(context: WithContext, user: WithUser, project_id: Id) -> StatusView:
    """Tell how the project's newest simulation stands."""
    return _status(context, user, project_id, JobType.SIMULATION)


def _submit(
    context: Context, user: User, project_id: int, job_type: JobType, body: JobBody | None
) -> JobView:
    body = body or JobBody(max_seconds=None)
    priority = Priority[body.priority.upper()]
    request = Request(project_id, job_type, body.config, body.max_seconds, priority)
    try:
        return job_view(submit(context, user, request))
    except InvalidError as error:
        raise _in_the_body(error) from error


def _in_the_body(error: InvalidError) -> InvalidError:
    """Name the fields as all faults of a body are named: config.top is body.config.top."""
    fields = tuple(FieldError(f"body.{one.field}", one.message) for one in error.errors)
    detail = "; ".join(f"{one.field}: {one.message}" for one in fields)
    return InvalidError(detail or error.detail, fields)


def _status(context: Context, user: User, project_id: int, job_type: JobType) -> StatusView:
    with context.database.reading() as session:
        job: Job = newest_job(session, get_project(session, user, project_id), job_type)
    tail = read_log_tail(context.store, job.id, job.attempt, STATUS_LOG)
    return StatusView(
        job_id=job.id,
        logs=tail.decode(errors="replace"),
        **{
            name: getattr(job, name)
            for name in StatusView.model_fields
            if name not in ("job_id", "logs")
        },
    )
