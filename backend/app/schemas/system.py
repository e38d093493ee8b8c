"""Bodies of the system route."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.schemas.base import Body, PlainText, View, example


class QueueView(View):
    """A queue: jobs that wait and run, users that wait, and since when the oldest waits."""

    name: str
    waiting: int
    users: int
    running: int
    oldest: datetime | None


class WorkerView(View):
    """A worker, as it told of itself last; `protections`: whether each is in force there."""

    name: str
    version: str
    executor: str
    protections: dict[str, bool]
    started_at: datetime
    seen_at: datetime
    is_there: bool
    is_draining: bool
    #: Those that it runs.
    jobs: list[int]


class BrokerSettingView(View):
    """One of Redis's settings; `advice` is empty when it is as it has to be."""

    name: str
    value: str
    advice: str


class RetentionView(View):
    """How many days finished jobs keep what (None: for ever), and when old things go next."""

    steps_days: float
    files_days: float | None
    jobs_days: float | None
    newest_jobs: int
    pinned_jobs: int
    next_sweep: datetime | None


class MaintenanceBody(Body):
    """What users are told."""

    model_config = example({"words": "New disks. Back at 18:00 UTC."})

    words: Annotated[str, Field(max_length=500), PlainText] = ""


class SystemView(View):
    """How the installation stands; `broker` is None while Redis does not answer.

    `maintenance`: the operator's words while it is on, else None. `upkeep`: who looks after lost
    jobs and messages; None if nobody does.
    """

    version: str
    database: str
    upkeep: str | None
    retention: RetentionView
    maintenance: str | None
    queues: list[QueueView]
    workers: list[WorkerView]
    broker: list[BrokerSettingView] | None
