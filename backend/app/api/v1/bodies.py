"""Naming the faults of a body as all of them are named: config.top is body.config.top."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.errors import FieldError, InvalidError


@contextmanager
def in_the_body(without: str = "") -> Iterator[None]:
    """Raise what is raised within with the fields' names in the body, which has no `without`.

    A fault of one of the project's files is none of the body: files/config.json.CLOCK_PERIOD.
    """
    try:
        yield
    except InvalidError as error:
        fields = tuple(
            one
            if one.field.startswith("files/")
            else FieldError(f"body.{one.field.removeprefix(without)}", one.message)
            for one in error.errors
        )
        detail = "; ".join(f"{one.field}: {one.message}" for one in fields)
        raise InvalidError(detail or error.detail, fields) from error
