"""What a job came to: for programs, and as a file for people."""

from fastapi import APIRouter
from fastapi.responses import Response

from app.api.deps import Id, WithContext, WithUser
from app.api.document import bytes_of
from app.api.downloads import safe_headers
from app.jobs.access import get_job
from app.jobs.queries import artifacts_of, steps_of
from app.jobs.results import result_of
from app.models import Project
from app.schemas.job_results import ResultView
from app.web.report.report import Report

router = APIRouter(prefix="/jobs/{job_id}", tags=["jobs"])

#: The report holds texts of tools and users: should one of them come to be markup, it still cannot
#: run, load anything or act as who reads it.
_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@router.get("/result")
def result(context: WithContext, user: WithUser, job_id: Id) -> ResultView:
    """Show the verdict and why, the main numbers, timing by corner, and all metrics by group."""
    with context.database.reading() as session:
        return result_of(session, get_job(session, user, job_id))


@router.get("/report.html", response_class=Response, responses=bytes_of("text/html"))
def report(context: WithContext, user: WithUser, job_id: Id) -> Response:
    """Return the result as one HTML file that needs nothing else."""
    with context.database.reading() as session:
        job = get_job(session, user, job_id)
        made = Report(
            job=job,
            project=session.get_one(Project, job.project_id).name,
            result=result_of(session, job),
            steps=steps_of(session, job),
            artifacts=artifacts_of(session, job),
        )
    headers = safe_headers(f"job-{job_id}.html", shown=True)
    headers["Content-Security-Policy"] = _POLICY
    return Response(made.html(context.store), media_type="text/html", headers=headers)
