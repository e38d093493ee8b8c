"""The page of jobs: the newest, all or those that are asked for."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.deps import WithContext
from app.jobs.queries import JobFilter, list_jobs
from app.models import Job, JobStatus, JobType, Project
from app.projects.projects import get_project
from app.web.frame import PageUser, templates

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
#: A form sends what was not chosen as an empty text.
_Chosen = BeforeValidator(lambda value: value or None)
_Id = Annotated[int, Field(ge=1, le=2**31 - 1)]


class _Asked(BaseModel):
    """Which jobs the address asks for, in its words."""

    project: Annotated[_Id | None, _Chosen] = None
    type: Annotated[JobType | None, _Chosen] = None
    status: Annotated[JobStatus | None, _Chosen] = None
    before: Annotated[_Id | None, _Chosen] = None

    def filter(self) -> JobFilter:
        """Return what the query takes."""
        return JobFilter(self.project, self.status, self.type, self.before)


@router.get("/")
def jobs_page(
    request: Request, context: WithContext, user: PageUser, asked: Annotated[_Asked, Query()]
) -> Response:
    """Show the jobs that were submitted last."""
    wanted = asked.filter()
    with context.database.reading() as session:
        project = get_project(session, user, asked.project) if asked.project else None
        jobs = list_jobs(session, user, wanted)
        names = _names(session, jobs)
    shown: dict[str, Any] = {
        "user": user,
        "project": project,
        "jobs": jobs,
        "projects": names,
        "wanted": wanted,
        "asked": asked.model_dump(mode="json", exclude_none=True, exclude={"before"}),
        "older": jobs[-1].id if len(jobs) == wanted.limit else None,
    }
    return templates.TemplateResponse(request, "jobs.html", shown)


def _names(session: Session, jobs: list[Job]) -> dict[int, str]:
    """Return the names of the jobs' projects by id."""
    ids = {job.project_id for job in jobs}
    found = session.execute(select(Project.id, Project.name).where(Project.id.in_(ids)))
    return {row.id: row.name for row in found}
