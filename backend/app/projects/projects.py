"""Projects and who may see them."""

from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.errors import ConflictError, ForbiddenError, NotFoundError
from app.models import Job, JobStatus, Project, User, Visibility


def create_project(
    session: Session, owner: User, name: str, description: str, visibility: Visibility
) -> Project:
    """Make a project; ConflictError when its owner has one of that name."""
    project = Project(owner_id=owner.id, name=name, description=description, visibility=visibility)
    session.add(project)
    _flush(session, name)
    return project


def change_project(session: Session, project: Project, values: dict[str, Any]) -> None:
    """Set columns of a project; ConflictError when its owner has another of that name."""
    for name, value in values.items():
        setattr(project, name, value)
    _flush(session, project.name)


def delete_project(session: Session, project: Project) -> None:
    """Delete a project and all that hangs on it; ConflictError while a job waits or runs."""
    busy = select(Job.id).where(
        Job.project_id == project.id, Job.status.in_([JobStatus.PENDING, JobStatus.RUNNING])
    )
    if session.scalar(busy.limit(1)) is not None:
        raise ConflictError("A job of this project waits or runs; cancel it first.")
    session.delete(project)


def visible_projects(
    session: Session, user: User, words: str = "", limit: int | None = None
) -> list[Project]:
    """Return the projects that `user` may see and in which all `words` occur, newest first."""
    query = select(Project).where(seen_by(user), *map(_mentions, words.split()))
    return list(session.scalars(query.order_by(Project.id.desc()).limit(limit)))


def _mentions(word: str) -> ColumnElement[bool]:
    """Return the condition that a project's name, description or owner has a word in it."""
    owners = select(User.id).where(User.username.icontains(word, autoescape=True))
    own = (Project.name, Project.description)
    return or_(*(one.icontains(word, autoescape=True) for one in own), Project.owner_id.in_(owners))


def may_see(user: User, project: Project) -> bool:
    """Return whether `user` may read the project and its jobs."""
    return may_change(user, project) or project.visibility == Visibility.PUBLIC


def seen_by(user: User) -> ColumnElement[bool]:
    """Return the condition that a user may read a project, as may_see() says of one of them."""
    if user.is_admin:
        return true()
    return or_(Project.owner_id == user.id, Project.visibility == Visibility.PUBLIC)


def may_change(user: User, project: Project) -> bool:
    """Return whether `user` may change the project and run jobs in it."""
    return user.is_admin or project.owner_id == user.id


def get_project(session: Session, user: User, project_id: int, *, change: bool = False) -> Project:
    """Return a project.

    NotFoundError when there is none that `user` may see; ForbiddenError when `change` is wanted of
    one that the user may only read.
    """
    project = session.get(Project, project_id)
    if project is None or not may_see(user, project):
        raise NotFoundError(f"There is no project {project_id}.")
    if change and not may_change(user, project):
        raise ForbiddenError(f"You may read project {project_id} but not change it.")
    return project


def _flush(session: Session, name: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise ConflictError(f"There is a project of yours named {name!r} already.") from error
