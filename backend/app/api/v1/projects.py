"""Projects."""

from fastapi import APIRouter

from app.api.deps import Id, WithContext, WithUser
from app.projects.projects import (
    change_project,
    create_project,
    delete_project,
    get_project,
    visible_projects,
)
from app.schemas.projects import ProjectBody, ProjectChange, ProjectView

router = APIRouter(prefix="/projects", tags=["projects"])


@router.post("", status_code=201)
def create(context: WithContext, user: WithUser, body: ProjectBody) -> ProjectView:
    """Make a project."""
    with context.database.writing() as session:
        project = create_project(session, user, body.name, body.description, body.visibility)
        return ProjectView.model_validate(project)


@router.get("")
def list_all(context: WithContext, user: WithUser) -> list[ProjectView]:
    """List the projects that you may see, newest first."""
    with context.database.reading() as session:
        return [ProjectView.model_validate(project) for project in visible_projects(session, user)]


@router.get("/{project_id}")
def get(context: WithContext, user: WithUser, project_id: Id) -> ProjectView:
    """Show a project."""
    with context.database.reading() as session:
        return ProjectView.model_validate(get_project(session, user, project_id))


@router.patch("/{project_id}")
def change(
    context: WithContext, user: WithUser, project_id: Id, body: ProjectChange
) -> ProjectView:
    """Change a project's name, description or visibility."""
    with context.database.writing() as session:
        project = get_project(session, user, project_id, change=True)
        change_project(session, project, body.model_dump(exclude_none=True))
        return ProjectView.model_validate(project)


@router.delete("/{project_id}", status_code=204)
def delete(context: WithContext, user: WithUser, project_id: Id) -> None:
    """Delete a project with its files and jobs; not while a job of it waits or runs."""
    with context.database.writing() as session:
        delete_project(session, get_project(session, user, project_id, change=True))
