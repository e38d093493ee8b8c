"""The broker: Celery messages on Redis, each a job's id.

The names here are public: `redis-cli LLEN build` and scripts that speak of the queues and tasks
rely on them.
"""

import time
import uuid
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

import redis.asyncio
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from app.core.job_types import JobType
from app.core.logging import get_logger
from app.core.settings import Settings
from app.jobs.redis_tls import celery_tls, tls_options
from app.jobs.sentinel import (
    ONCE,
    async_master,
    is_sentinel,
    master,
    sentinel_options,
    why_no_sentinel,
)

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
#: The header of a message that says how many workers have passed it on.
PASSED = "a6hub-passed"
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
        **sentinel_options(settings),
    }


def make_redis(settings: Settings) -> "redis.Redis":
    """Return a client of the Redis that is the broker; connects at first use."""
    patience = _patience(SOCKET_SECONDS)
    if is_sentinel(settings.broker_url):
        return master(settings, patience)
    return redis.Redis.from_url(settings.broker_url, **patience, **tls_options(settings))


def why_away(settings: Settings, error: Exception) -> Exception:
    """Return what lies behind an error of make_redis's client: with Sentinels it does not say."""
    if is_sentinel(settings.broker_url):
        return why_no_sentinel(settings, _patience(SOCKET_SECONDS)) or error
    return error


def open_async_redis(
    settings: Settings, block_seconds: float
) -> AbstractAsyncContextManager["redis.asyncio.Redis"]:
    """Open one for asyncio; its commands may wait `block_seconds` for something new."""
    patience = _patience(SOCKET_SECONDS + block_seconds)
    if is_sentinel(settings.broker_url):
        return async_master(settings, patience)
    # Not the client's own `async with`: its exit gives up when the task is being cancelled.
    options = {**patience, **tls_options(settings)}
    return aclosing(redis.asyncio.Redis.from_url(settings.broker_url, **options))


def _patience(seconds: float) -> dict[str, Any]:
    return {"socket_timeout": seconds, "socket_connect_timeout": SOCKET_SECONDS}


def _hasty_options(settings: Settings) -> dict[str, Any]:
    """Return the options of a sender who does not try again: the relay does."""
    options = {**transport_options(settings), "socket_timeout": SOCKET_SECONDS, "max_retries": 0}
    if is_sentinel(settings.broker_url):
        options["sentinel_kwargs"] = {**options["sentinel_kwargs"], "retry": ONCE}
    return options


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
            broker_transport_options=_hasty_options(settings),
            **celery_tls(settings),
        )

    def send(self, job_id: int, job_type: str, passed: int = 0) -> str:
        """Send the message of a job and return the task's id; raises one of BROKER_ERRORS.

        `passed`: how many workers had it before and could not use it.
        """
        task, headers = TASKS[JobType(job_type)], {PASSED: passed} if passed else None
        return str(self._celery.send_task(task, args=[job_id], retry=False, headers=headers).id)

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
