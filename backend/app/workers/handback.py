"""Handing a job back when the worker goes, in whatever way.

Celery ends a pool process by a signal, or just dies and has the kernel do it (it sets
PR_SET_PDEATHSIG to SIGKILL). While a job is worked on, those signals are ours: the tools are
stopped, the job goes back to the queue at once, and then the process ends. Billiard installs its
own handlers after every hook that it offers, so ours are put in place around each job.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.core.processes import die_with_parent
from app.core.sentry import end_sentry
from app.core.tracing import end_tracing
from app.workers.watches import watches

#: From `grace`, from Celery's cold shutdown, and from the kernel.
_SIGNALS = (signal.SIGTERM, signal.SIGQUIT)


@contextmanager
def handing_back() -> Iterator[None]:
    """Have a job that is worked on in this block handed back if the worker goes."""
    parent = os.getppid()
    before = {number: signal.signal(number, _shut_down) for number in _SIGNALS}
    die_with_parent(signal.SIGTERM)
    if os.getppid() != parent:  # it died just now
        watches.shut_down()
    try:
        yield
    finally:
        if watches.told_to_go:
            end_tracing()
            end_sentry()
            os._exit(0)  # there is nobody left to tell
        die_with_parent(signal.SIGKILL)
        for number, handler in before.items():
            signal.signal(number, handler)


def _shut_down(*_: Any) -> None:
    watches.shut_down()
