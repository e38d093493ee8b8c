"""Builds and simulations: submitting them, and the status that scripts poll."""

from typing import Annotated

from fastapi import APIRouter, Body

from app.api.deps import Id, WithContext, WithUser
from app.api.v1.bodies import in_the_body
from app.api.v1.jobs import job_view
from app.jobs.context import Context
from app.jobs.logs import read_log_tail
from app.jobs.queries import newest_job
from app.jobs.submit import Request, submit
from app.jobs.waiting import waits_for
from app.models import Job, JobType, Priority, User
from app.projects.projects import get_project
from app.schemas.jobs import JobBody, JobView, StatusView

#: How much of a log the status holds, in bytes.
STATUS_LOG = 64 << 10

_BUILD = {"config": {"DESIGN_NAME": "spm", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10}}
_SIMULATION = {"config": {"top": "tb_spm", "plusargs": ["seed=7"]}, "max_seconds": 600}
BuildBody = Annotated[JobBody | None, Body(examples=[_BUILD])]
SimulationBody = Annotated[JobBody | None, Body(examples=[_SIMULATION])]

builds = APIRouter(prefix="/builds/{project_id}/build", tags=["builds"])
simulations = APIRouter(prefix="/simulations/{project_id}/simulation", tags=["simulations"])


@builds.post("", status_code=201)
def build(context: WithContext, user: WithUser, project_id: Id, body: BuildBody = None) -> JobView:
    """Build the project's files of this moment."""
    return _submit(context, user, project_id, JobType.BUILD, body)


@builds.get("/status")
def build_status(context: WithContext, user: WithUser, project_id: Id) -> StatusView:
    """Tell how the project's newest build stands."""
    return _status(context, user, project_id, JobType.BUILD)


@simulations.post("", status_code=201)
def simulate(
    context: WithContext, user: WithUser, project_id: Id, body: SimulationBody = None
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
    with in_the_body():
        return job_view(submit(context, user, request))


def _status(context: Context, user: User, project_id: int, job_type: JobType) -> StatusView:
    with context.database.reading() as session:
        job: Job = newest_job(session, get_project(session, user, project_id), job_type)
        waits = waits_for(session, job)
    tail = read_log_tail(context.store, job.id, job.attempt, STATUS_LOG)
    return StatusView(
        job_id=job.id,
        logs=tail.decode(errors="replace"),
        waits_for=waits,
        **{
            name: getattr(job, name)
            for name in StatusView.model_fields
            if name not in ("job_id", "logs", "waits_for")
        },
    )
