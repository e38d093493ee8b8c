"""The broker: Celery messages on Redis, each a job's id.

The names here are public: `redis-cli LLEN build` and scripts that speak of the queues and tasks
rely on them.
"""

import time
import uuid
from typing import Any

import redis
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app.core.logging import get_logger
from app.core.settings import Settings
from app.models import JobType

log = get_logger(__name__)

#: job type (also the queue's name) -> task
TASKS = {
    JobType.BUILD: "app.workers.tasks.run_build",
    JobType.SIMULATION: "app.workers.tasks.run_simulation",
}
QUEUES = [
    Queue(name, Exchange(name, type="direct"), routing_key=f"{name}.run")
    for name in (JobType.BUILD.value, JobType.SIMULATION.value)
]
ROUTES = {
    task: {"queue": job_type.value, "routing_key": f"{job_type.value}.run"}
    for job_type, task in TASKS.items()
}
#: Redis string: a random name of Redis's present memory. Gone, and so changed, after a flush.
EPOCH_KEY = "a6hub:epoch"
EPOCH_SECONDS = 1.0
#: How long a request may wait for Redis, in seconds.
SOCKET_SECONDS = 2.0

#: What sending a message can raise when the broker is away.
BROKER_ERRORS: tuple[type[Exception], ...] = (RedisError, OperationalError, OSError)


def transport_options(settings: Settings) -> dict[str, Any]:
    """Return the options of the Redis transport, for the broker and the result backend alike.

    A message that no worker acknowledges is delivered again after `visibility_timeout` seconds, so
    that must exceed the longest job; our own recovery (leases) does not wait for it.
    """
    return {
        "visibility_timeout": settings.max_job_duration_seconds + 3600,
        "socket_timeout": 30,
        "socket_connect_timeout": SOCKET_SECONDS,
        "socket_keepalive": True,
    }


def make_redis(settings: Settings) -> "redis.Redis":
    """Return a client of the Redis that is the broker; connects at first use."""
    return redis.Redis.from_url(
        settings.broker_url,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
    )


class Broker:
    """The sending side, as seen by the API and the relay."""

    def __init__(self, settings: Settings) -> None:
        self.redis = make_redis(settings)
        self._epoch, self._epoch_at = "", float("-inf")
        self._celery = Celery("a6hub-producer", broker=settings.broker_url, set_as_current=False)
        self._celery.conf.update(
            task_queues=QUEUES,
            task_routes=ROUTES,
            task_ignore_result=True,
            broker_transport_options={
                **transport_options(settings),
                "socket_timeout": SOCKET_SECONDS,
            },
        )

    def send(self, job_id: int, job_type: str) -> str:
        """Send the message of a job and return the task's id; raises one of BROKER_ERRORS."""
        task = TASKS[JobType(job_type)]
        return str(self._celery.send_task(task, args=[job_id], retry=False).id)

    def epoch(self) -> str:
        """Return the name of the broker's present memory, as of EPOCH_SECONDS ago at the most.

        Whoever notes a message under a name that has just changed has it sent once more.
        """
        if time.monotonic() - self._epoch_at > EPOCH_SECONDS:
            self._epoch, self._epoch_at = self._read_epoch(), time.monotonic()
        return self._epoch

    def _read_epoch(self) -> str:
        with self.redis.pipeline(transaction=False) as pipe:
            pipe.set(EPOCH_KEY, uuid.uuid4().hex, nx=True)
            pipe.get(EPOCH_KEY)
            _, value = pipe.execute()
        return value.decode() if isinstance(value, bytes) else ""

    def waiting(self, queue: str) -> int:
        """Return how many messages wait in `queue`."""
        return int(self.redis.llen(queue))
