"""`python -m app.workers.upkeep`: the upkeep process beside a worker."""

import os
import signal
import socket
import sys

from app.core.logging import get_logger, setup_logging
from app.core.processes import die_with_parent
from app.core.settings import get_settings
from app.executors.registry import make_executor
from app.jobs.broker import BROKER_ERRORS
from app.jobs.broker_settings import broker_settings
from app.jobs.context import Context
from app.jobs.presence import Reporter
from app.jobs.upkeep import Upkeep

log = get_logger(__name__)

_ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


def main() -> None:
    """Do the upkeep until SIGTERM, or until the worker is gone."""
    die_with_parent()
    if os.getppid() == 1:  # it died before that
        sys.exit(0)
    setup_logging(get_settings())
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    settings = get_settings()
    context = Context.open(settings)
    _warn_of_broker(context)
    executor = make_executor(settings)
    upkeep = Upkeep(context, executor, Reporter(worker_name(), executor))
    upkeep.start()
    signal.sigwait(_ENDS)
    upkeep.close()


def worker_name() -> str:
    """Return the name of the worker that this process stands beside."""
    return f"{socket.gethostname()}:{os.getppid()}"


def _warn_of_broker(context: Context) -> None:
    try:
        found = broker_settings(context.broker.redis)
    except BROKER_ERRORS as error:
        log.warning("broker away; its settings are not known", error=str(error))
        return
    for setting in found:
        if not setting.well:
            log.error(
                "REDIS IS SET UP WRONGLY",
                setting=setting.name,
                is_=setting.value,
                advice=setting.advice,
            )


if __name__ == "__main__":
    main()
