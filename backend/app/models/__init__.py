"""The tables."""

from app.core.job_types import JobType
from app.models.attempts import Attempt, KeptStep, Step
from app.models.holds import Hold
from app.models.jobs import Job, JobStatus, Priority
from app.models.offers import WorkerOffer
from app.models.outbox import OutboxMessage
from app.models.projects import Project, ProjectFile, Revision, Visibility
from app.models.results import Artifact, Metric
from app.models.tallies import Tally
from app.models.upkeep import UpkeepLease
from app.models.users import AccessToken, Failures, User
from app.models.workers import WorkerReport

__all__ = [
    "AccessToken",
    "Artifact",
    "Attempt",
    "Failures",
    "Hold",
    "Job",
    "JobStatus",
    "JobType",
    "KeptStep",
    "Metric",
    "OutboxMessage",
    "Priority",
    "Project",
    "ProjectFile",
    "Revision",
    "Step",
    "Tally",
    "UpkeepLease",
    "User",
    "Visibility",
    "WorkerOffer",
    "WorkerReport",
]
