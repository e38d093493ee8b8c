"""Reading jobs and what hangs on them."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.core.errors import NotFoundError
from app.jobs.access import get_job
from app.jobs.values import number_of
from app.models import Artifact, Attempt, Job, JobStatus, JobType, Metric, Project, Step, User
from app.projects.projects import seen_by
from app.toolchains.base import Value


@dataclass(frozen=True)
class JobFilter:
    """Which jobs to list; None does not filter. `before` is the id of the last one seen."""

    project_id: int | None = None
    status: JobStatus | None = None
    job_type: JobType | None = None
    before: int | None = None
    limit: int = 50


def list_jobs(session: Session, user: User, wanted: JobFilter) -> list[Job]:
    """Return jobs that `user` may see, newest first."""
    query = select(Job).order_by(Job.id.desc()).limit(wanted.limit)
    if not user.is_admin:
        query = query.join(Project).where(seen_by(user))
    if wanted.before is not None:
        query = query.where(Job.id < wanted.before)
    for column, value in (
        (Job.project_id, wanted.project_id),
        (Job.status, wanted.status),
        (Job.job_type, wanted.job_type),
    ):
        if value is not None:
            query = query.where(column == value)
    return list(session.scalars(query))


def newest_jobs(session: Session, projects: list[Project]) -> dict[int, Job]:
    """Return the newest job of each of the projects that has had one, by the project's id."""
    asked = select(Project.id).where(Project.id.in_([project.id for project in projects]))
    # By type, which the index has before the id: one look for each project, however many jobs.
    newest = [
        select(func.max(Job.id)).where(Job.project_id == Project.id, Job.job_type == job_type)
        for job_type in JobType
    ]
    ids = [
        asked.with_only_columns(one.scalar_subquery(), maintain_column_froms=True) for one in newest
    ]
    jobs = session.scalars(select(Job).where(or_(*map(Job.id.in_, ids))).order_by(Job.id))
    return {job.project_id: job for job in jobs}


def newest_job(session: Session, project: Project, job_type: JobType) -> Job:
    """Return the project's newest job of a type; NotFoundError when there was none."""
    job = session.scalar(
        select(Job)
        .where(Job.project_id == project.id, Job.job_type == job_type)
        .order_by(Job.id.desc())
        .limit(1)
    )
    if job is None:
        raise NotFoundError(f"Project {project.id} has had no {job_type} yet.")
    return job


def steps_of(session: Session, job: Job) -> list[Step]:
    """Return the steps of the job's newest attempt, in order."""
    newest = (Step.job_id == job.id) & (Step.attempt == job.attempt)
    return list(session.scalars(select(Step).where(newest).order_by(Step.ordinal)))


def attempts_of(session: Session, job: Job) -> list[Attempt]:
    """Return the job's attempts, in order."""
    query = select(Attempt).where(Attempt.job_id == job.id).order_by(Attempt.number)
    return list(session.scalars(query))


def artifacts_of(session: Session, job: Job, kind: str | None = None) -> list[Artifact]:
    """Return the job's artifacts, by name: all, or those of a kind."""
    query = select(Artifact).where(Artifact.job_id == job.id).order_by(Artifact.name)
    if kind is not None:
        query = query.where(Artifact.kind == kind)
    return list(session.scalars(query))


def metrics_of(session: Session, job: Job) -> dict[str, Value]:
    """Return the job's metrics by name."""
    query = select(Metric).where(Metric.job_id == job.id).order_by(Metric.name)
    return {metric.name: number_of(metric.value) for metric in session.scalars(query)}


def get_artifact(session: Session, user: User, job_id: int, artifact_id: int) -> Artifact:
    """Return one artifact of a job; NotFoundError when `user` can see none such."""
    get_job(session, user, job_id)
    artifact = session.get(Artifact, artifact_id)
    if artifact is None or artifact.job_id != job_id:
        raise NotFoundError(f"Job {job_id} has no artifact {artifact_id}.")
    return artifact
