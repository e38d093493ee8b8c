"""The part of `doctor` that looks at the database, and at what it says of the whole a6hub."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from app import __version__
from app.cli.finding import Finding, attempt, fail
from app.core.clock import utcnow
from app.core.settings import Settings
from app.db.clock import database_now
from app.db.engine import Database
from app.db.migrate import fits, is_current
from app.jobs.duties import Duty, holder_of
from app.jobs.holds import maintenance
from app.jobs.presence import workers
from app.jobs.tallies import BACKUP_AT, read_tallies
from app.jobs.waiting import stranded
from app.models import Job, JobStatus, OutboxMessage, UpkeepLease

#: How far this machine's clock may be from the database's, in seconds. Leases depend on the
#: database's alone, but access tokens and what logs say on both.
SKEW_SECONDS = 5.0
#: The oldest that a6hub can use: RETURNING, and what its makers still look after.
OLDEST = {"sqlite": (3, 35), "postgresql": (14,)}
#: Of the connections that a server allows.
FULL = 0.8
#: Backups are made daily, or weekly at least.
OLD_BACKUP = timedelta(days=8)
#: After so long a job that is its user's turn has a message in Redis.
UNSENT_AFTER = timedelta(minutes=1)


def look_at_database(settings: Settings) -> Iterator[Finding]:
    """Say whether the database can be used as it is, and what it says of the whole a6hub."""
    database = Database(settings.database)
    advice = "Check A6HUB_DATABASE_URL, and that its server runs and this user may use it."
    version = attempt("database version", lambda: _version(database), advice)
    yield version
    if version.well:
        yield _age(database)
        current = _schema(database)
        yield current
        if current.well:
            yield attempt("database use", lambda: _write(database), "Check its disk and rights.")
            yield attempt("clock", lambda: _skew(database), "Set both by NTP.")
            yield from _connections(database)
            yield from _state(database)
    database.close()


def _version(database: Database) -> str:
    dialect = database.engine.dialect
    with database.engine.connect():
        numbers = dialect.server_version_info or ()
    return f"{dialect.name} {'.'.join(map(str, numbers))}"


def _age(database: Database) -> Finding:
    dialect = database.engine.dialect
    oldest = OLDEST[dialect.name]
    well = (dialect.server_version_info or ()) >= oldest
    words = f"{'new' if well else 'too old'}: {'.'.join(map(str, oldest))} or newer is needed"
    return Finding("database age", well, words, "" if well else "Upgrade the database's server.")


def _schema(database: Database) -> Finding:
    if is_current(database):
        return Finding("database", True, "migrated")
    if fits(database):
        advice = "Upgrade this machine's a6hub: docs/upgrade.md."
        return Finding("database", False, "its schema is of a newer a6hub", advice)
    advice = "Start the stack once (./a6hub up migrates), or check A6HUB_DATABASE_URL."
    return Finding("database", False, "its schema is not the newest", advice)


def _write(database: Database) -> str:
    """Write without a trace: nothing has an empty duty."""
    with database.writing() as session:
        session.execute(delete(UpkeepLease).where(UpkeepLease.duty == ""))
    return "can be written"


def _skew(database: Database) -> str:
    with database.reading() as session:
        before = utcnow()
        there = database_now(session)
        after = utcnow()
    skew = max((there - after).total_seconds(), (before - there).total_seconds(), 0.0)
    if skew > SKEW_SECONDS:
        fail(f"this machine's is {skew:.0f} s from the database's")
    return "goes with the database's"


def _connections(database: Database) -> Iterator[Finding]:
    if database.engine.dialect.name != "postgresql":
        return
    with database.reading() as session:
        most = int(session.scalar(text("SHOW max_connections")) or 0)
        used = int(session.scalar(text("SELECT count(*) FROM pg_stat_activity")) or 0)
    well = used < FULL * most
    advice = "Raise PostgreSQL's max_connections, or run fewer processes (each has up to 20)."
    yield Finding("connections", well, f"{used} of {most} are in use", "" if well else advice)


def _state(database: Database) -> Iterator[Finding]:
    with database.reading() as session:
        hold = maintenance(session)
        there = [one.report for one in workers(session) if one.is_there]
        upkeep, unsent = _upkeep(session), _unsent(session)
        waiting = stranded(session)
        backup = _backup(session)
    yield upkeep
    yield unsent
    yield backup
    for one in waiting:
        advice = "Start a worker that has it, or cancel them."
        yield Finding(f"{one.count} jobs ({one.queue})", False, one.why, advice)
    if hold is not None:
        yield Finding("maintenance", True, f"on since {hold.since:%Y-%m-%d %H:%M} UTC")
    strange = sorted(f"{one.name} ({one.version})" for one in there if one.version != __version__)
    if strange:
        words = f"not of this version: {', '.join(strange)}"
        yield Finding("versions", False, words, "Upgrade them: docs/upgrade.md.")


def _upkeep(session: Session) -> Finding:
    """Say whether somebody looks after lost jobs and messages."""
    lease = holder_of(session, Duty.UPKEEP)
    if lease is not None:
        return Finding("upkeep", True, f"done by {lease.holder}")
    words = "nobody does it: lost jobs and messages stay lost"
    return Finding("upkeep", False, words, "Start the API, or a worker.")


def _backup(session: Session) -> Finding:
    """Say when the newest backup was made. Who makes them in another way may have none of ours."""
    begun = read_tallies(session).get(BACKUP_AT)
    if begun is None:
        return Finding("backup", True, "none has been made by ./a6hub backup")
    made = datetime.fromtimestamp(begun, UTC)
    well = utcnow() - made < OLD_BACKUP
    words = f"the newest is of {made:%Y-%m-%d %H:%M} UTC"
    return Finding("backup", well, words, "" if well else "See why no more are made.")


def _unsent(session: Session) -> Finding:
    """Say whether jobs wait of whose turn no worker is told.

    Those beyond a user's limit may, and those that no worker can run.
    """
    nobodys = [one.needs for one in stranded(session)]
    busy = select(Job.user_id).where(Job.status == JobStatus.RUNNING)
    sent = select(OutboxMessage.user_id).where(OutboxMessage.published_at.is_not(None))
    oldest = session.scalar(
        select(func.min(OutboxMessage.created_at)).where(
            OutboxMessage.user_id.not_in(busy),
            OutboxMessage.user_id.not_in(sent),
            OutboxMessage.needs.not_in(nobodys),
        )
    )
    if oldest is None or database_now(session) - oldest < UNSENT_AFTER:
        return Finding("messages", True, "sent")
    words = f"of jobs that wait since {oldest:%Y-%m-%d %H:%M} UTC none was sent"
    return Finding("messages", False, words, "See whether Redis answers, and whether upkeep runs.")
