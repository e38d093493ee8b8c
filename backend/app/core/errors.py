"""Errors that a user can cause, each with its HTTP status.

    A6hubError
    ├── InvalidError        422  a field of the request is wrong
    ├── NotFoundError       404  no such thing, or none that you may see
    ├── ConflictError       409  the thing is not in a state for this
    ├── GoneError           410  it was there, and is kept no more
    ├── TooLargeError       413
    ├── TooManyError        429  once more later
    ├── UnauthenticatedError 401
    ├── ForbiddenError      403
    └── MaintenanceError    503

The API turns each into RFC 9457 problem JSON; below the API nobody knows of HTTP but for the
number.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of a request, and how to mend it."""

    field: str
    message: str


class A6hubError(Exception):
    """The root. `title` names the kind of error, the message what happened in this case."""

    status = 500
    title = "Internal error"
    #: In how many seconds to try again; None when that is of no use.
    retry_after: int | None = None

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors


class InvalidError(A6hubError):
    """A field of the request is wrong."""

    status = 422
    title = "Invalid request"

    @classmethod
    def at(cls, field: str, message: str) -> "InvalidError":
        """Return the error for one field."""
        return cls.of([(field, message)])

    @classmethod
    def of(cls, problems: Iterable[tuple[str, str]]) -> "InvalidError":
        """Return the error for several fields, each with its message."""
        fields = tuple(FieldError(field, message) for field, message in problems)
        return cls("; ".join(f"{one.field}: {one.message}" for one in fields), fields)


class NotFoundError(A6hubError):
    """There is no such thing, or none that the caller may know of."""

    status = 404
    title = "Not found"


class ConflictError(A6hubError):
    """The thing is not in a state for this."""

    status = 409
    title = "Conflict"


class GoneError(A6hubError):
    """The thing was there, and is kept no more."""

    status = 410
    title = "Gone"


class TooManyError(A6hubError):
    """The caller has asked too often and has to wait."""

    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, retry_after: int) -> None:
        """Tell the caller for how many seconds."""
        super().__init__(detail)
        self.retry_after = retry_after


class TooLargeError(A6hubError):
    """More bytes or files than allowed."""

    status = 413
    title = "Too large"


class UnauthenticatedError(A6hubError):
    """Nobody is logged in, or with wrong words."""

    status = 401
    title = "Not logged in"


class ForbiddenError(A6hubError):
    """The caller may see the thing but not do this to it."""

    status = 403
    title = "Not allowed"


class MaintenanceError(A6hubError):
    """The operator has a6hub take no jobs at present."""

    status = 503
    title = "Under maintenance"
    retry_after = 60

    def __init__(self, words: str) -> None:
        """Tell the user that, and the operator's own words."""
        super().__init__(f"a6hub takes no jobs during maintenance. {words}".strip())
