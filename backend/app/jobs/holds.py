"""Holding jobs back: maintenance of the whole a6hub, and workers that are drained.

The claim of a job looks here (`app.jobs.turns`), so that nothing begins once a hold is committed.
What runs goes on.
"""

from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.orm import Session

from app.core.errors import ConflictError, MaintenanceError, NotFoundError
from app.db.base import table_of
from app.db.clock import database_now
from app.db.engine import Database
from app.models import Hold, WorkerReport

#: The scope of maintenance. No worker has such a name.
EVERYWHERE = "*"
_IS_HELD = select(exists().where(table_of(Hold).c.scope.in_([EVERYWHERE, bindparam("worker")])))


def is_held(session: Session, worker: str) -> bool:
    """Return whether the worker may begin no job."""
    return bool(session.scalar(_IS_HELD, {"worker": worker}))


def maintenance(session: Session) -> Hold | None:
    """Return the maintenance that is on, or None."""
    return session.get(Hold, EVERYWHERE)


def refuse_in_maintenance(session: Session) -> None:
    """Raise MaintenanceError, with the operator's words, while maintenance is on."""
    hold = maintenance(session)
    if hold is not None:
        raise MaintenanceError(hold.words)


def begin_maintenance(database: Database, words: str) -> None:
    """Take no jobs and begin none; ConflictError when that is so already."""
    with database.writing() as session:
        if maintenance(session) is not None:
            raise ConflictError("Maintenance is on already.")
        session.add(Hold(scope=EVERYWHERE, words=words, since=database_now(session)))


def end_maintenance(database: Database) -> None:
    """Take and begin jobs again; ConflictError when maintenance is not on."""
    with database.writing() as session:
        if not lift(session, EVERYWHERE):
            raise ConflictError("Maintenance is not on.")


def drain(database: Database, worker: str) -> None:
    """Have a worker begin no job any more; twice is once. NotFoundError if there is none such."""
    with database.writing() as session:
        names = session.scalars(select(WorkerReport.name).order_by(WorkerReport.name)).all()
        if worker not in names:
            there = ", ".join(names) or "none"
            raise NotFoundError(f"There is no worker {worker!r}. Workers: {there}.")
        if session.get(Hold, worker) is None:
            session.add(Hold(scope=worker, since=database_now(session)))


def undrain(database: Database, worker: str) -> None:
    """Let a worker begin jobs again; ConflictError when it is not drained."""
    with database.writing() as session:
        if not lift(session, worker):
            raise ConflictError(f"The worker {worker!r} is not drained.")


def drained(session: Session) -> set[str]:
    """Return the names of the workers that are drained."""
    return set(session.scalars(select(Hold.scope).where(Hold.scope != EVERYWHERE)))


def lift(session: Session, scope: str) -> bool:
    """End a hold; False when there is none."""
    gone = session.scalars(delete(Hold).where(Hold.scope == scope).returning(Hold.scope))
    return bool(gone.all())
