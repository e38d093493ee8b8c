"""The end of a worker's patience when it shuts down.

SIGTERM is Celery's warm shutdown: no new job is taken, and the running ones are waited for, without
end. (Its 'soft' shutdown has an end, but sleeps until then even when nothing runs any more.) So the
wait begins as Celery's and ends here: after WORKER_SHUTDOWN_GRACE_SECONDS the pool processes are
told to hand back what they work on (`app.workers.handback`).
"""

import os
import signal
import threading
from contextlib import suppress
from typing import Any

from celery import signals

from app.core.settings import get_settings


class Grace:
    """Knows the pool, and tells it when time is up."""

    def __init__(self) -> None:
        self._pool: Any = None

    def know_pool(self, sender: Any = None, **_: Any) -> None:
        """Remember the pool of the consumer that has just become ready."""
        self._pool = sender.pool

    def begin(self, how: str = "", **_: Any) -> None:
        """Let running jobs end, but not for ever."""
        if how == "Warm":
            seconds = get_settings().worker_shutdown_grace_seconds
            timer = threading.Timer(seconds, self._time_is_up)
            timer.daemon = True
            timer.start()

    def _time_is_up(self) -> None:
        for pid in self._pool.info["processes"] if self._pool else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


_grace = Grace()
signals.worker_ready.connect(_grace.know_pool)
signals.worker_shutting_down.connect(_grace.begin)
