"""What happens when workers and their pool processes start and stop."""

import subprocess
import sys
from typing import Any

from celery import signals

from app.core.logging import get_logger, setup_logging
from app.core.settings import get_settings
from app.executors.registry import make_executor
from app.workers.bench import get_bench

log = get_logger(__name__)


@signals.setup_logging.connect
def _set_up_logging(**_: Any) -> None:
    setup_logging(get_settings())


@signals.worker_process_init.connect
def _prepare_pool_process(**_: Any) -> None:
    get_bench()


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

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self, **_: Any) -> None:
        """Start it, or start it again."""
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "app.workers.upkeep"]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def stop(self, **_: Any) -> None:
        """Stop it and wait for its end."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


_upkeep = UpkeepProcess()
signals.worker_ready.connect(_upkeep.ensure)
signals.worker_ready.connect(_warn_of_the_executor)
signals.heartbeat_sent.connect(_upkeep.ensure)
signals.worker_shutdown.connect(_upkeep.stop)
