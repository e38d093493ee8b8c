"""The one error of this package."""

from app.core.errors import FieldError, InvalidError

_SHOWN = 200


class RefusedError(InvalidError):
    """The archive is not taken. `entry` is the entry's name, or None for the archive itself."""

    title = "Archive refused"

    def __init__(self, reason: str, entry: str | None = None) -> None:
        field = "archive" if entry is None else f"archive/{_shown(entry)}"
        super().__init__(f"{field}: {reason}", (FieldError(field, reason),))


class TooMuchError(RefusedError):
    """The archive holds, or becomes, more than is allowed."""

    status = 413
    title = "Too large"


def _shown(name: str) -> str:
    """Return a name that can be printed anywhere: what is not seen is escaped."""
    return repr(name)[1:-1][:_SHOWN]
