"""Errors that a user can cause, each with its HTTP status.

    A6hubError
    ├── InvalidError        422  a field of the request is wrong
    ├── NotFoundError       404  no such thing, or none that you may see
    ├── ConflictError       409  the thing is not in a state for this
    ├── TooLargeError       413
    ├── UnauthenticatedError 401
    └── ForbiddenError      403

The API turns each into RFC 9457 problem JSON; below the API nobody knows of HTTP but for the
number.
"""

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
        return cls(f"{field}: {message}", (FieldError(field, message),))


class NotFoundError(A6hubError):
    """There is no such thing, or none that the caller may know of."""

    status = 404
    title = "Not found"


class ConflictError(A6hubError):
    """The thing is not in a state for this."""

    status = 409
    title = "Conflict"


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
