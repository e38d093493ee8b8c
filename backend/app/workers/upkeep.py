"""`python -m app.workers.upkeep PIPE WORKER QUEUES`: the upkeep process beside worker WORKER.

It writes into PIPE, again and again, whether jobs are held back (see `app.workers.intake`).
"""

import os
import signal
import socket
import sys
import threading
from contextlib import suppress

from app.core.logging import get_logger, setup_logging
from app.core.processes import die_with_parent
from app.core.sentry import end_sentry, setup_sentry
from app.core.settings import get_settings
from app.core.tracing import end_tracing, setup_tracing
from app.executors.registry import make_executor
from app.jobs.abilities import Abilities
from app.jobs.broker import BROKER_ERRORS
from app.jobs.broker_settings import broker_settings
from app.jobs.context import Context
from app.jobs.holds import is_held
from app.jobs.patience import OUTAGES, is_outage
from app.jobs.presence import Reporter
from app.jobs.upkeep import Upkeep
from app.toolchains.registry import ready_toolchains
from app.workers.intake import FREE, HELD
from app.workers.metrics import serve_metrics
from app.workers.offering import Offering

log = get_logger(__name__)

#: How often it is looked whether jobs are held back, in seconds.
HOLD_SECONDS = 1.0
_ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


def main() -> None:
    """Do the upkeep until SIGTERM, or until the worker is gone."""
    die_with_parent()
    if os.getppid() != int(sys.argv[2]):  # it died before that; in a container it may be number 1
        sys.exit(0)
    setup_logging(get_settings())
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    settings = get_settings()
    setup_tracing(settings, "upkeep")
    setup_sentry(settings, "upkeep", is_outage)
    context = Context.open(settings)
    _warn_of_broker(context)
    serve_metrics(settings)
    executor = make_executor(settings)
    queues = tuple(filter(None, sys.argv[3].split(",")))
    abilities = Abilities(ready_toolchains(settings), queues)
    reporter = Reporter(worker_name(), executor, abilities)
    # Jobs of other machines need not wait until LibreLane has answered.
    threading.Thread(target=Offering(context, reporter).run, daemon=True).start()
    upkeep = Upkeep(context, executor, reporter)
    upkeep.start()
    while signal.sigtimedwait(_ENDS, HOLD_SECONDS) is None:
        _tell_of_holds(context, int(sys.argv[1]))
    upkeep.close()
    end_tracing()
    end_sentry()


def worker_name() -> str:
    """Return the name of the worker that this process stands beside."""
    return f"{socket.gethostname()}:{os.getppid()}"


def _tell_of_holds(context: Context, word: int) -> None:
    """Tell the worker's main process, which has no database, whether to take messages."""
    try:
        with context.database.reading() as session:
            held = is_held(session, worker_name())
    except OUTAGES as error:
        log.info("not known whether jobs are held back", error=str(error))
    else:
        with suppress(BlockingIOError, BrokenPipeError):  # not heard lately, or gone
            os.write(word, HELD if held else FREE)


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
