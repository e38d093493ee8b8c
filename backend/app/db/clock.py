"""The database's clock: one clock for all hosts, so that leases do not depend on theirs."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.clock import utcnow


def database_now(session: Session) -> datetime:
    """Return the time by the clock of the database's machine (SQLite: this one)."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return now.astimezone(UTC)
    return utcnow()
