"""What happens when workers and their pool processes start and stop."""

import os
import subprocess
import sys
from typing import Any

from celery import signals

from app.core.logging import get_logger, setup_logging
from app.core.sentry import end_sentry, setup_sentry
from app.core.settings import get_settings
from app.core.tracing import end_tracing, setup_tracing
from app.executors.registry import make_executor
from app.jobs.patience import is_outage
from app.workers.bench import get_bench
from app.workers.intake import Intake

log = get_logger(__name__)


@signals.setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    setup_logging(get_settings())


@signals.worker_process_init.connect
def _prepare_pool_process(**_: Any) -> None:
    setup_tracing(get_settings(), "worker")
    setup_sentry(get_settings(), "worker", is_outage)
    get_bench()


@signals.worker_process_shutdown.connect
def _end_pool_process(**_: Any) -> None:
    end_tracing()
    end_sentry()


def _warn_of_the_executor(**_: Any) -> None:
    """Say in the worker's log what the operator should know of how jobs are run."""
    executor = make_executor(get_settings())
    trouble = executor.check()
    for warning in [trouble] if trouble else executor.warnings():
        log.warning(warning, executor=executor.name)


class UpkeepProcess:
    """The upkeep beside a worker, in a process of its own.

    Not a thread: the worker forks pool processes at any time, and a fork while a thread is inside
    SQLite or a lock leaves the child with that lock taken.
    """

    def __init__(self, intake: Intake) -> None:
        """`intake` is told by the process whether jobs are held back."""
        self._intake = intake
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self, **_: Any) -> None:
        """Start it, or start it again; not before the worker is ready, and its queues are known."""
        queues = self._intake.queues()
        if queues and (self._process is None or self._process.poll() is not None):
            word = self._intake.open()
            words = [str(word), str(os.getpid()), ",".join(queues)]
            command = [sys.executable, "-m", "app.workers.upkeep", *words]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[word])
            os.close(word)

    def stop(self, **_: Any) -> None:
        """Stop it and wait for its end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


_intake = Intake()
_upkeep = UpkeepProcess(_intake)
signals.worker_ready.connect(_intake.know_consumer)
signals.worker_ready.connect(_upkeep.ensure)
signals.worker_ready.connect(_warn_of_the_executor)
signals.heartbeat_sent.connect(_upkeep.ensure)
signals.heartbeat_sent.connect(_intake.heed)
signals.worker_shutdown.connect(_upkeep.stop)
