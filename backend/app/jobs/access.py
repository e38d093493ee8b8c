"""Which jobs a user may see and change: those of the projects that they may."""

from sqlalchemy.orm import Session

from app.core.errors import ForbiddenError, NotFoundError
from app.models import Job, Project, User
from app.projects.projects import may_change, may_see


def get_job(session: Session, user: User, job_id: int, *, change: bool = False) -> Job:
    """Return a job.

    NotFoundError when there is none that `user` may see; ForbiddenError when `change` is wanted of
    one that the user may only look at.
    """
    job = session.get(Job, job_id)
    project = session.get_one(Project, job.project_id) if job else None
    if job is None or project is None or not may_see(user, project):
        raise NotFoundError(f"There is no job {job_id}.")
    if change and not may_change(user, project):
        raise ForbiddenError(f"You may look at job {job_id} but not change it.")
    return job
