"""`python -m app.workers.upkeep`: the upkeep process beside a worker."""

import signal

from app.core.logging import setup_logging
from app.core.processes import die_with_parent
from app.core.settings import get_settings
from app.jobs.context import Context
from app.jobs.upkeep import Upkeep

_ENDS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


def main() -> None:
    """Do the upkeep until SIGTERM, or until the worker is gone."""
    die_with_parent()
    setup_logging(get_settings())
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    upkeep = Upkeep(Context.open(get_settings()))
    upkeep.start()
    signal.sigwait(_ENDS)
    upkeep.close()


if __name__ == "__main__":
    main()
