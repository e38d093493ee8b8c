"""Bodies of the job routes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from app.models import JobStatus, JobType, Priority
from app.schemas.base import Body, PlainJson, View

PriorityName = Literal["high", "normal", "low"]


class JobBody(Body):
    """A job to be made.

    `config` is the toolchain's; `max_seconds` None: as long as allowed; `priority` ranks it among
    your own jobs.
    """

    config: Annotated[dict[str, Any], PlainJson] = Field(default_factory=dict)
    max_seconds: int | None = Field(None, ge=1)
    priority: PriorityName = "normal"


def _priority_name(value: object) -> object:
    return Priority(value).name.lower() if isinstance(value, int) else value


class JobView(View):
    """A job in short."""

    id: int
    project_id: int
    revision_id: int
    user_id: int
    job_type: JobType
    toolchain: str
    priority: Annotated[PriorityName, BeforeValidator(_priority_name)]
    #: The job that this one does again.
    retry_of: int | None
    status: JobStatus
    attempt: int
    current_step: str | None
    reason: str | None
    message: str | None
    verdict: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class StepView(View):
    """A step of a job's newest attempt."""

    ordinal: int
    step: str
    name: str
    status: str
    started_at: datetime | None
    seconds: float | None
    cpu_seconds: float | None
    peak_memory_bytes: int | None
    disk_bytes: int | None
    exit_code: int | None


class AttemptView(View):
    """One worker's try at a job."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    reason: str | None
    message: str | None


class JobDetail(JobView):
    """A job with all that is known of it."""

    config: dict[str, Any]
    max_seconds: int
    cancel_requested: bool
    steps: list[StepView]
    attempts: list[AttemptView]
    #: A number, or the text 'Infinity', '-Infinity' or 'NaN', which JSON has no numbers for.
    metrics: dict[str, int | float | str]


class ArtifactView(View):
    """A kept file; `size` in bytes, `digest` its SHA-256, `url` where its content is."""

    id: int
    attempt: int
    name: str
    kind: str
    size: int
    digest: str
    key: str
    url: str


class StatusView(View):
    """The newest job of a project, for scripts that poll. `logs` holds its last 64 KiB."""

    job_id: int
    status: JobStatus
    current_step: str | None
    logs: str
    attempt: int
    reason: str | None
    message: str | None
    verdict: str | None
