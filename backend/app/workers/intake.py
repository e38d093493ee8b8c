"""Whether the worker takes messages: not while jobs are held back (`app.jobs.holds`).

No job would begin without this either: the claim sees to that. But messages that a held worker took
would be gone, and the relay would have to find out that their jobs still wait. So it leaves them.

Celery's main process must not use the database (it forks). The upkeep process beside it tells it by
a pipe, and it listens with each of its heartbeats.
"""

import os
from contextlib import suppress
from typing import Any

from app.core.logging import get_logger

log = get_logger(__name__)

#: What the pipe says: jobs are held back, or not.
HELD, FREE = b"h", b"f"


class Intake:
    """Stops and begins the taking of messages in Celery's main process."""

    def __init__(self) -> None:
        self._consumer: Any = None
        self._told: int | None = None
        #: The queues that were being read when it stopped.
        self._left: list[str] = []

    def open(self) -> int:
        """Make a new pipe to listen to, and return the end to write to."""
        if self._told is not None:
            os.close(self._told)
        self._told, word = os.pipe()
        for end in (self._told, word):
            os.set_blocking(end, False)
        return word

    def know_consumer(self, sender: Any = None, **_: Any) -> None:
        """Remember the consumer that has just become ready."""
        self._consumer = sender

    def queues(self) -> list[str]:
        """Return the queues that the worker reads, or will again."""
        if self._consumer is None:
            return []
        return self._left or [queue.name for queue in self._consumer.task_consumer.queues]

    def heed(self, **_: Any) -> None:
        """Do what was said last."""
        if self._told is None or self._consumer is None:
            return
        with suppress(BlockingIOError):  # nothing was said
            last = os.read(self._told, 1 << 16)[-1:]
            if last == HELD and not self._left:
                self._stop()
            elif last == FREE and self._left:
                self._begin()

    def _stop(self) -> None:
        self._left = [queue.name for queue in self._consumer.task_consumer.queues]
        for name in self._left:
            self._consumer.cancel_task_queue(name)
        log.info("jobs are held back; no messages are taken", queues=self._left)

    def _begin(self) -> None:
        for name in self._left:
            self._consumer.add_task_queue(name)
        log.info("messages are taken again", queues=self._left)
        self._left = []
