"""Duties of which one live process at a time has charge, in the whole a6hub."""

import enum
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.clock import database_now
from app.db.engine import Database
from app.models import UpkeepLease


class Duty(enum.StrEnum):
    """What only one does at a time, as the table has it."""

    UPKEEP = "jobs"
    SWEEP = "sweep"
    #: Making a backup (`app.backups`): meanwhile nothing is removed.
    BACKUP = "backup"


def elect(database: Database, duty: Duty, holder: str, seconds: float) -> bool:
    """Take or extend the lease of a duty; False while another holds it."""
    with database.writing() as session:
        now = database_now(session)
        until = now + timedelta(seconds=seconds)
        free = (UpkeepLease.holder == holder) | (UpkeepLease.until < now)
        taken = session.execute(
            update(UpkeepLease)
            .where(UpkeepLease.duty == duty, free)
            .values(holder=holder, until=until)
            .returning(UpkeepLease.duty)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if taken is not None or session.get(UpkeepLease, duty) is not None:
            return taken is not None
        try:
            with session.begin_nested():
                session.add(UpkeepLease(duty=duty, holder=holder, until=until))
        except IntegrityError:  # another was the first
            return False
        return True


def holder_of(session: Session, duty: Duty) -> UpkeepLease | None:
    """Return who has charge of a duty now; None if nobody has."""
    lease = session.get(UpkeepLease, duty)
    return lease if lease is not None and lease.until > database_now(session) else None
