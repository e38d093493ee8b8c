"""Which workers there are, and how their hosts protect themselves from jobs.

Each worker's upkeep process writes a row for it now and then and removes it when the worker goes in
good order. What matters of jobs and leases never depends on it: it is for people.
"""

import time
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import __version__
from app.db.clock import database_now
from app.db.engine import Database
from app.executors.base import Executor
from app.models import WorkerReport

REPORT_SECONDS = 10.0
#: A worker that has told nothing for so long is away.
AWAY_AFTER = timedelta(seconds=30)
#: One that is away for so long is forgotten.
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Presence:
    """A worker, and whether it has told of itself lately."""

    report: WorkerReport
    is_there: bool


class Reporter:
    """Tells of one worker."""

    def __init__(self, name: str, executor: Executor) -> None:
        self._name = name
        self._told_at = float("-inf")
        self._facts = {
            "version": __version__,
            "executor": executor.name,
            "protections": executor.protections(),
        }

    def report(self, database: Database) -> None:
        """Say that the worker is there, unless that was said just now."""
        if time.monotonic() - self._told_at < REPORT_SECONDS:
            return
        with database.writing() as session:
            now = database_now(session)
            session.execute(
                delete(WorkerReport).where(WorkerReport.seen_at < now - FORGOTTEN_AFTER)
            )
            row = session.get(WorkerReport, self._name)
            if row is None:
                row = WorkerReport(name=self._name, started_at=now, **self._facts)
                session.add(row)
            row.seen_at = now
        self._told_at = time.monotonic()

    def leave(self, database: Database) -> None:
        """Say that it goes."""
        with database.writing() as session:
            session.execute(delete(WorkerReport).where(WorkerReport.name == self._name))


def workers(session: Session) -> list[Presence]:
    """Return the workers by name."""
    now = database_now(session)
    reports = session.scalars(select(WorkerReport).order_by(WorkerReport.name))
    return [Presence(report, now - report.seen_at < AWAY_AFTER) for report in reports]
