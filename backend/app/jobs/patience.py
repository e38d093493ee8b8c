"""Waiting for store, database or container engine to come back instead of failing a job."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from obstore.exceptions import BaseError as StoreError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from app.core.logging import get_logger

log = get_logger(__name__)

T = TypeVar("T")

#: How long an outage may last before the job fails for it, in seconds.
OUTAGE_SECONDS = 900
RETRY_SECONDS = 3.0
#: What an outage looks like. A missing object is none: that is lost for good.
OUTAGES: tuple[type[Exception], ...] = (
    *(StoreError, OperationalError, InterfaceError),
    *(ConnectionError, TimeoutError),
)

#: What can be away; `other` is what no error names.
PARTS = ("database", "store", "redis", "other")
#: How often this process has met an outage, by the part that was away.
outages_met: Counter[str] = Counter()


def is_outage(error: BaseException) -> bool:
    """Return whether an error is an outage, which ends by itself."""
    return isinstance(error, OUTAGES) and not isinstance(error, FileNotFoundError)


def note_outage(error: Exception, part: str = "") -> None:
    """Count an outage of `part`, by default of the one that the error tells of."""
    of_error = "store" if isinstance(error, StoreError) else "other"
    outages_met[part or ("database" if isinstance(error, SQLAlchemyError) else of_error)] += 1


def patiently(action: Callable[[], T], give_up: threading.Event) -> T:
    """Return action(), tried again while something that it needs is away.

    Raises the last error after OUTAGE_SECONDS, or at once when `give_up` is set.
    """
    deadline = time.monotonic() + OUTAGE_SECONDS
    while True:
        try:
            return action()
        except OUTAGES as error:
            if not is_outage(error) or time.monotonic() > deadline:
                raise
            note_outage(error)
            log.warning("outage; trying again", error=str(error).partition("\n")[0])
            if give_up.wait(RETRY_SECONDS):
                raise
