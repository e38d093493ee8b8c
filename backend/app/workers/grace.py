"""The end of a worker's patience when it shuts down.

SIGTERM is Celery's warm shutdown: no new job is taken, and the running ones are waited for, without
end. (Its 'soft' shutdown has an end, but sleeps until then even when nothing runs any more.) So the
wait begins as Celery's and ends here: after WORKER_SHUTDOWN_GRACE_SECONDS the pool processes are
told to hand back what they work on (`app.workers.handback`). They are told again and again: one
that is just starting does not hear it, and one that has just ended a job may begin another.

If Celery has not ended HAND_BACK_SECONDS later, it never will. The worker says where it is and is
killed, which loses nothing: jobs that are still being handed back go on with that (their processes
get SIGTERM then), all others are found by their leases.
"""

import faulthandler
import os
import signal
import threading
import time
from contextlib import suppress
from typing import Any

from celery import signals

from app.core.logging import get_logger
from app.core.settings import get_settings

log = get_logger(__name__)

#: How long handing back may take, in seconds. With the grace it must not exceed what the service
#: manager waits for: docker-compose.yml's WORKER_STOP_SECONDS.
HAND_BACK_SECONDS = 25.0
#: By number: Celery has put something else in place of `sys.stderr`.
_STDERR = 2
#: How often the pool processes are told.
AGAIN_SECONDS = 1.0


class Grace:
    """Knows the pool, and tells it when time is up."""

    def __init__(self) -> None:
        self._pool: Any = None
        self._has_begun = False

    def know_pool(self, sender: Any = None, **_: Any) -> None:
        """Remember the pool of the consumer that has just become ready."""
        self._pool = sender.pool

    def begin(self, how: str = "", **_: Any) -> None:
        """Let running jobs end, but not for ever."""
        if how == "Warm" and not self._has_begun:
            self._has_begun = True
            threading.Thread(target=self._run, name="grace", daemon=True).start()

    def _run(self) -> None:
        time.sleep(get_settings().worker_shutdown_grace_seconds)
        end = time.monotonic() + HAND_BACK_SECONDS
        while time.monotonic() < end:
            self._tell()
            time.sleep(AGAIN_SECONDS)
        faulthandler.dump_traceback(_STDERR)
        log.error("the shutdown does not end; the worker kills itself")
        os.kill(os.getpid(), signal.SIGKILL)

    def _tell(self) -> None:
        for pid in self._pool_processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _pool_processes(self) -> list[int]:
        """Return those of the pool; none before it has begun and when it has ended."""
        with suppress(AttributeError):
            return list(self._pool.info["processes"])
        return []


_grace = Grace()
signals.worker_ready.connect(_grace.know_pool)
signals.worker_shutting_down.connect(_grace.begin)
