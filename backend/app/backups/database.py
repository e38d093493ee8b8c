"""Bringing back the database of a backup."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, MetaData, delete, select, text, update

from app.backups.copying import fetched
from app.backups.manifest import Manifest, Part
from app.backups.places import Place, content_key
from app.backups.snapshot import copy_words, cursor_of
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from app.jobs.claims import Claim
from app.jobs.holds import EVERYWHERE
from app.jobs.states import release
from app.models import (
    AccessToken,
    Failures,
    Hold,
    Job,
    JobStatus,
    OutboxMessage,
    UpkeepLease,
    WorkerReport,
)
from app.storage.store import CHUNK


def restore_database(settings: Settings, database: Database, place: Place, made: Manifest) -> None:
    """Fill an empty database, bring it to this a6hub's schema, and settle what was going on."""
    if made.dialect == "postgresql":
        _fill_postgresql(settings, database, place, made)
    else:
        _fill_sqlite(settings, database, place, made.parts[0])


def settle(database: Database) -> None:
    """Undo what is true no more: workers, running attempts, sent messages, log-ins."""
    with database.writing() as session:
        running = select(Job.id, Job.attempt).where(Job.status == JobStatus.RUNNING)
        for job_id, attempt in session.execute(running).all():
            release(session, Claim(job_id, attempt), "Its worker is not in the backup.")
        session.execute(update(OutboxMessage).values(published_at=None, epoch=None))
        for gone in (WorkerReport, UpkeepLease, AccessToken, Failures):
            session.execute(delete(gone))
        session.execute(delete(Hold).where(Hold.scope != EVERYWHERE))


def _fill_sqlite(settings: Settings, database: Database, place: Place, part: Part) -> None:
    """Make all ready in a copy: the database itself changes in one transaction."""
    with tempfile.TemporaryDirectory(prefix="a6hub-restore-") as folder:
        file = Path(folder) / "database"
        with fetched(place.open(content_key(part.digest))) as found, file.open("wb") as copy:
            _check(part, found.digest)
            copy.writelines(iter(lambda: found.file.read(CHUNK), b""))
        ready = settings.model_copy(update={"database_url": f"sqlite:///{file}"})
        upgrade(ready)
        prepared = Database(ready.database)
        settle(prepared)
        prepared.close()
        target = str(database.engine.url.database)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as end:
            source.backup(end)


def _fill_postgresql(settings: Settings, database: Database, place: Place, made: Manifest) -> None:
    with database.engine.begin() as connection:
        there = MetaData()
        there.reflect(connection)
        there.drop_all(connection)  # they are empty, and perhaps of another version
    upgrade(settings, made.schema)
    with database.engine.begin() as connection:
        tables = ", ".join(f'"{part.table}"' for part in made.parts)
        connection.execute(text(f"TRUNCATE {tables}"))  # of what migrations have put there
        for part in made.parts:
            _fill_table(connection, place, part)
        _advance_sequences(connection)
    upgrade(settings)
    settle(database)


def _fill_table(connection: Connection, place: Place, part: Part) -> None:
    with fetched(place.open(content_key(part.digest))) as found:
        _check(part, found.digest)
        words = f"{copy_words(part.table, part.columns)} FROM STDIN"
        with closing(cursor_of(connection)) as cursor, cursor.copy(words) as copy:
            while chunk := found.file.read(CHUNK):
                copy.write(chunk)


def _advance_sequences(connection: Connection) -> None:
    """Have the next rows get ids that no row has."""
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.tables.values():
        for column in table.primary_key.columns:
            name = {"table": f'"{table.name}"', "column": column.name}
            found = text("SELECT pg_get_serial_sequence(:table, :column)")
            sequence = connection.scalar(found, name)
            if sequence is not None:
                highest = f'(SELECT coalesce(max("{column.name}"), 0) + 1 FROM "{table.name}")'  # noqa: S608 - names of ours
                connection.execute(text(f"SELECT setval('{sequence}', {highest}, false)"))


def _check(part: Part, digest: str) -> None:
    if part.digest != digest:
        raise ValueError(
            f"the backup's database {part.table} is not what it was".replace("  ", " ")
        )
