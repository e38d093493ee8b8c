"""`python -m app.workers.upkeep`: the upkeep process beside a worker.

It reads the ids of Celery tasks, one a line, whose pool processes have died.
"""

import signal
import sys
import threading

from app.core.logging import get_logger, setup_logging
from app.core.processes import die_with_parent
from app.core.settings import get_settings
from app.jobs.context import Context
from app.jobs.upkeep import Upkeep
from app.workers.memory import MemoryKills

log = get_logger(__name__)


def main() -> None:
    """Do the upkeep until SIGTERM, or until the worker is gone."""
    die_with_parent()
    setup_logging(get_settings())
    going = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_args: going.set())
    upkeep = Upkeep(Context.open(get_settings()))
    upkeep.start()
    threading.Thread(target=_hear, args=(upkeep,), name="lost tasks", daemon=True).start()
    going.wait()
    upkeep.close()


def _hear(upkeep: Upkeep) -> None:
    kills = MemoryKills()
    for line in sys.stdin:
        try:
            upkeep.task_lost(line.strip(), for_memory=kills.any_new())
        except Exception:
            log.exception("lost task not noted; its lease will end", task=line.strip())


if __name__ == "__main__":
    main()
