"""The pages of projects: all that a user may see, and one with its files and jobs."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.api.deps import Id, WithContext
from app.jobs.queries import JobFilter, list_jobs, newest_jobs
from app.models import Project, User
from app.projects.archives.names import UNWANTED
from app.projects.projects import get_project, may_change, visible_projects
from app.web.frame import PageUser, templates

#: How many of a project's jobs its page shows.
_JOBS = 10
#: How many projects are listed.
_PROJECTS = 200
#: What projects are searched for; PostgreSQL takes no NUL.
_Words = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/projects")
def projects_page(
    request: Request, context: WithContext, user: PageUser, q: _Words = ""
) -> Response:
    """Show the projects, all or those with the words of `q`, and a form to make one."""
    with context.database.reading() as session:
        found = visible_projects(session, user, q, limit=_PROJECTS + 1)
        projects = found[:_PROJECTS]
        shown = {
            "user": user,
            "words": q,
            "projects": projects,
            "is_cut": len(found) > _PROJECTS,
            "owners": _owners(session, projects),
            "newest": newest_jobs(session, projects),
        }
    return templates.TemplateResponse(request, "projects.html", shown)


@router.get("/projects/{project_id}")
def project_page(
    request: Request, context: WithContext, user: PageUser, project_id: Id
) -> Response:
    """Show a project; its files and forms fill themselves over the API."""
    with context.database.reading() as session:
        project = get_project(session, user, project_id)
        shown = {
            "user": user,
            "project": project,
            "owner": _owners(session, [project])[project.owner_id],
            "may_change": may_change(user, project),
            "jobs": list_jobs(session, user, JobFilter(project_id, limit=_JOBS)),
            "settings": context.settings,
            "unwanted": UNWANTED,
        }
    return templates.TemplateResponse(request, "project.html", shown)


def _owners(session: Session, projects: list[Project]) -> dict[int, str]:
    """Return the names of the projects' owners by id."""
    ids = {project.owner_id for project in projects}
    found = session.execute(select(User.id, User.username).where(User.id.in_(ids)))
    return {row.id: row.username for row in found}
