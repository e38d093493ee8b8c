"""Claims: whose job it is."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from app.models import Job, JobStatus


@dataclass(frozen=True)
class Claim:
    """The right to work on a job: whoever holds the newest attempt's number, while it runs."""

    job_id: int
    attempt: int


def fence(mine: Claim) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that hold only while the attempt is the job's running one."""
    return (Job.id == mine.job_id, Job.attempt == mine.attempt, Job.status == JobStatus.RUNNING)
