"""`python -m app.workers.upkeep`: the upkeep process beside a worker."""

import signal
import threading

from app.core.logging import setup_logging
from app.core.processes import die_with_parent
from app.core.settings import get_settings
from app.jobs.context import Context
from app.jobs.upkeep import Upkeep


def main() -> None:
    """Do the upkeep until SIGTERM, or until the worker is gone."""
    die_with_parent()
    setup_logging(get_settings())
    going = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_args: going.set())
    upkeep = Upkeep(Context.open(get_settings()))
    upkeep.start()
    going.wait()
    upkeep.close()


if __name__ == "__main__":
    main()
