"""The time, in UTC."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """Return the time now, with its zone."""
    return datetime.now(UTC)
