"""The tables."""

from app.models.jobs import (
    Artifact,
    Attempt,
    Job,
    JobStatus,
    JobType,
    Metric,
    OutboxMessage,
    Priority,
    Step,
)
from app.models.projects import Project, ProjectFile, Revision, Visibility
from app.models.upkeep import UpkeepLease
from app.models.users import AccessToken, User
from app.models.workers import WorkerReport

__all__ = [
    "AccessToken",
    "Artifact",
    "Attempt",
    "Job",
    "JobStatus",
    "JobType",
    "Metric",
    "OutboxMessage",
    "Priority",
    "Project",
    "ProjectFile",
    "Revision",
    "Step",
    "UpkeepLease",
    "User",
    "Visibility",
    "WorkerReport",
]
