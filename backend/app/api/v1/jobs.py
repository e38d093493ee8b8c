"""Jobs of all types."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.deps import Id, WithContext, WithUser
from app.jobs.access import get_job
from app.jobs.cancel import request_cancel
from app.jobs.queries import JobFilter, attempts_of, list_jobs, metrics_of, steps_of
from app.jobs.submit import retry
from app.models import Job, JobStatus, JobType
from app.schemas.jobs import AttemptView, JobDetail, JobView, StepView

router = APIRouter(prefix="/jobs", tags=["jobs"])

RowId = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


def job_view(job: Job) -> JobView:
    """Return a job in short."""
    return JobView.model_validate(job)


@router.get("")
def list_all(
    context: WithContext,
    user: WithUser,
    project_id: RowId = None,
    status: JobStatus | None = None,
    job_type: JobType | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="last id seen")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[JobView]:
    """List the jobs that you may see, newest first."""
    wanted = JobFilter(project_id, status, job_type, before, limit)
    with context.database.reading() as session:
        return [job_view(job) for job in list_jobs(session, user, wanted)]


@router.get("/{job_id}")
def get(context: WithContext, user: WithUser, job_id: Id) -> JobDetail:
    """Show a job with its steps, attempts and metrics."""
    with context.database.reading() as session:
        job = get_job(session, user, job_id)
        return JobDetail(
            **job_view(job).model_dump(),
            config=job.config,
            max_seconds=job.max_seconds,
            cancel_requested=job.cancel_requested,
            steps=[StepView.model_validate(step) for step in steps_of(session, job)],
            attempts=[AttemptView.model_validate(one) for one in attempts_of(session, job)],
            metrics=metrics_of(session, job),
        )


@router.post("/{job_id}/cancel", status_code=202)
def cancel(context: WithContext, user: WithUser, job_id: Id, response: Response) -> JobView:
    """Cancel a job: 200 when that is done, 202 when its worker has been asked to."""
    job = request_cancel(context, user, job_id)
    if job.status == JobStatus.CANCELLED:
        response.status_code = 200
    return job_view(job)


@router.post("/{job_id}/retry", status_code=201)
def retry_job(context: WithContext, user: WithUser, job_id: Id) -> JobView:
    """Make a new job of the same revision and config as one that has ended."""
    return job_view(retry(context, user, job_id))
