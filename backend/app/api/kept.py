"""Bytes that the database speaks of and the store has lost."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.errors import NotFoundError
from app.core.logging import get_logger

log = get_logger(__name__)


@contextmanager
def from_store(what: str) -> Iterator[None]:
    """Answer 404, and tell the operator, when `what` is not in the store any more."""
    try:
        yield
    except FileNotFoundError as error:
        log.exception("the store has lost an object", what=what)
        raise NotFoundError(f"The content of {what} is not kept any more.") from error
