"""Bodies of the system route."""

from datetime import datetime

from app.schemas.base import View


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


class BrokerSettingView(View):
    """One of Redis's settings; `advice` is empty when it is as it has to be."""

    name: str
    value: str
    advice: str


class SystemView(View):
    """How the installation stands; `broker` is None while Redis does not answer."""

    version: str
    database: str
    queues: list[QueueView]
    workers: list[WorkerView]
    broker: list[BrokerSettingView] | None
