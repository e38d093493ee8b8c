"""Waiting for the store or the database to come back instead of failing a job for them."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from obstore.exceptions import BaseError as StoreError
from sqlalchemy.exc import InterfaceError, OperationalError

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


def patiently(action: Callable[[], T], give_up: threading.Event) -> T:
    """Return action(), tried again while the store or the database is away.

    Raises the last error after OUTAGE_SECONDS, or at once when `give_up` is set.
    """
    deadline = time.monotonic() + OUTAGE_SECONDS
    while True:
        try:
            return action()
        except OUTAGES as error:
            if isinstance(error, FileNotFoundError) or time.monotonic() > deadline:
                raise
            log.warning("outage; trying again", error=str(error).partition("\n")[0])
            if give_up.wait(RETRY_SECONDS):
                raise
