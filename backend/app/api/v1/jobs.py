"""Jobs of all types."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.deps import Id, WithContext, WithUser
from app.api.v1.bodies import in_the_body
from app.jobs.access import get_job
from app.jobs.again import restart, retry
from app.jobs.cancel import request_cancel
from app.jobs.estimate import estimate
from app.jobs.queries import JobFilter, attempts_of, list_jobs, metrics_of, steps_of
from app.jobs.retention import delete_job, kept_until, pin, words_of_removal
from app.jobs.values import json_value
from app.jobs.waiting import waits_for
from app.models import Job, JobStatus, JobType
from app.schemas.jobs import AttemptView, JobDetail, JobView, RestartBody, StepView

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
        steps = steps_of(session, job)
        return JobDetail(
            **job_view(job).model_dump(),
            config=job.config,
            max_seconds=job.max_seconds,
            cancel_requested=job.cancel_requested,
            files_kept_until=kept_until(job, context.settings),
            files_removed=words_of_removal(job, context.settings),
            details=job.details,
            steps=[StepView.model_validate(step) for step in steps],
            estimate_seconds=estimate(session, job, steps),
            waits_for=waits_for(session, job),
            attempts=[AttemptView.model_validate(one) for one in attempts_of(session, job)],
            metrics={name: json_value(value) for name, value in metrics_of(session, job).items()},
        )


@router.delete("/{job_id}", status_code=204)
def delete(context: WithContext, user: WithUser, job_id: Id) -> None:
    """Delete a job that has ended and is not pinned, with its files."""
    delete_job(context, user, job_id)


@router.put("/{job_id}/pin")
def pin_job(context: WithContext, user: WithUser, job_id: Id) -> JobView:
    """Keep a job and its files from being removed."""
    return job_view(pin(context, user, job_id, pinned=True))


@router.delete("/{job_id}/pin")
def unpin_job(context: WithContext, user: WithUser, job_id: Id) -> JobView:
    """Let a job be removed when its time has come."""
    return job_view(pin(context, user, job_id, pinned=False))


@router.post("/{job_id}/cancel", status_code=202, responses={200: {"model": JobView}})
def cancel(context: WithContext, user: WithUser, job_id: Id, response: Response) -> JobView:
    """Cancel a job. 200: it is cancelled; 202: its worker has been asked to."""
    job = request_cancel(context, user, job_id)
    if job.status == JobStatus.CANCELLED:
        response.status_code = 200
    return job_view(job)


@router.post("/{job_id}/retry", status_code=201)
def retry_job(context: WithContext, user: WithUser, job_id: Id) -> JobView:
    """Make a new job of the same revision and config as one that has ended."""
    return job_view(retry(context, user, job_id))


@router.post("/{job_id}/restart", status_code=201)
def restart_job(context: WithContext, user: WithUser, job_id: Id, body: RestartBody) -> JobView:
    """Make a new job that begins with the finished steps of one that has ended."""
    changes = {"from": body.begin, "to": body.end, "variables": body.variables}
    with in_the_body(without="config."):
        return job_view(restart(context, user, job_id, changes))
