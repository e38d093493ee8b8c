"""Whether the database has been in sight for long enough to judge leases."""

from datetime import datetime, timedelta

from app.db.clock import database_now
from app.db.engine import Database


class Sight:
    """Since when the database is in sight, by its own clock.

    A gap between two looks says that it was away, or did not answer, or that this machine slept:
    others then could not extend their leases either.
    """

    def __init__(self, lease_seconds: float, gap_seconds: float) -> None:
        self._lease = timedelta(seconds=lease_seconds)
        self._gap = timedelta(seconds=gap_seconds)
        self._since: datetime | None = None
        self._last: datetime | None = None

    def lasts(self, database: Database) -> bool:
        """Look now; return whether it has been in sight for the length of a lease."""
        with database.reading() as session:
            now = database_now(session)
        if self._since is None or self._last is None or now - self._last > self._gap:
            self._since = now
        self._last = now
        return now - self._since >= self._lease
