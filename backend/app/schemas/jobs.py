"""Bodies of the job routes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from app.models import JobStatus, JobType, Priority
from app.schemas.base import Body, PlainJson, PlainText, View, example

#: A number, or the text 'Infinity', '-Infinity' or 'NaN', which JSON has no numbers for.
JsonValue = int | float | str
PriorityName = Literal["high", "normal", "low"]


class JobBody(Body):
    """A job to be made.

    `config` is the toolchain's; `max_seconds` None: as long as allowed; `priority` ranks it among
    your own jobs.
    """

    model_config = example({"config": {}, "max_seconds": 1800, "priority": "high"})

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
    #: The job with whose finished steps this one begins.
    continues: int | None
    status: JobStatus
    attempt: int
    current_step: str | None
    reason: str | None
    message: str | None
    verdict: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    #: Whether somebody keeps it from being removed.
    pinned: bool
    #: Since when its log and its artifacts are not kept any more.
    files_removed_at: datetime | None


class StepNotes(BaseModel):
    """The first warnings and errors of a step's tools."""

    warnings: list[str] = Field(default_factory=list)
    errors: list[str] = Field(default_factory=list)


class StepView(View):
    """A step of a job's newest attempt; one to come is `pending`."""

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
    folder: str | None
    warning_count: int
    error_count: int
    notes: StepNotes
    #: {metric: [value before or null, value after]}.
    metric_changes: dict[str, tuple[JsonValue | None, JsonValue]]


StepId = Annotated[str, StringConstraints(max_length=200), PlainText]


class RestartBody(Body):
    """Where a build is to begin and to end, and what is to be different.

    `from` is a step's id, as 'OpenROAD.DetailedRouting'; without it, the step at which the job
    stopped. `to` is the last step to run. `variables` are LibreLane's.
    """

    model_config = example({"from": "OpenROAD.DetailedRouting", "variables": {"DRT_OPT_ITERS": 40}})

    begin: StepId | None = Field(None, alias="from")
    end: StepId | None = Field(None, alias="to")
    variables: Annotated[dict[str, Any], PlainJson] = Field(default_factory=dict)


class AttemptView(View):
    """One worker's try at a job."""

    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    reason: str | None
    message: str | None
    tools: str | None


class JobDetail(JobView):
    """A job with all that is known of it."""

    config: dict[str, Any]
    max_seconds: int
    cancel_requested: bool
    #: Until when its files stay at least; None when nothing is going to remove them.
    files_kept_until: datetime | None
    #: What its files' readers are told when these have been removed.
    files_removed: str | None
    steps: list[StepView]
    #: How long it will still take, by the project's builds before; None when nobody can know.
    estimate_seconds: float | None
    #: What a pending job waits for that no worker has which is there; None if one can run it.
    waits_for: str | None
    attempts: list[AttemptView]
    metrics: dict[str, JsonValue]
    details: dict[str, Any]


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


class StepFileView(BaseModel):
    """A file of a step's folder; `size` in bytes, `digest` its SHA-256, `url` where it is."""

    path: str
    size: int
    digest: str
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
    #: As of the job.
    waits_for: str | None
