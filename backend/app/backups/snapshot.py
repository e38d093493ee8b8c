"""The database at one moment, while others go on writing to it."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, MetaData
from sqlalchemy.orm import Session

from app.db.engine import Database
from app.storage.store import CHUNK

#: A table, its columns, and what yields its bytes.
Piece = tuple[str, list[str], Callable[[], Iterator[bytes]]]
#: Where alembic notes the schema.
SCHEMA_TABLE = "alembic_version"


@dataclass(frozen=True)
class Snapshot:
    """A moment of the database: `session` reads it, `pieces` are to be kept."""

    session: Session
    pieces: list[Piece]


@contextmanager
def snapshot(database: Database) -> Iterator[Snapshot]:
    """Yield the database as it is now; it stays so until the end of the block."""
    way = _of_postgresql if database.engine.dialect.name == "postgresql" else _of_sqlite
    with way(database) as taken:
        yield taken


@contextmanager
def _of_sqlite(database: Database) -> Iterator[Snapshot]:
    """Copy the whole file: others may write meanwhile, and the copy has no gaps."""
    with tempfile.TemporaryDirectory(prefix="a6hub-backup-") as folder:
        file = Path(folder) / "database"
        with closing(sqlite3.connect(str(database.engine.url.database))) as source:
            source.execute("VACUUM INTO ?", (str(file),))
        copy = Database(f"sqlite:///{file}")
        try:
            with copy.reading() as session:
                yield Snapshot(session, [("", [], lambda: _bytes_of(file))])
        finally:
            copy.close()


@contextmanager
def _of_postgresql(database: Database) -> Iterator[Snapshot]:
    """Read table after table in one transaction, in PostgreSQL's own text format.

    Unlike pg_dump that needs no program here of the server's version or a newer one; the schema is
    in our migrations.
    """
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.engine.connect().execution_options(**options) as connection:
        tables = MetaData()
        tables.reflect(connection)
        pieces: list[Piece] = []
        for table in tables.sorted_tables:
            if table.name != SCHEMA_TABLE:
                columns = [column.name for column in table.columns]
                pieces.append((table.name, columns, _rows(connection, table.name, columns)))
        with Session(connection) as session:
            yield Snapshot(session, pieces)


def copy_words(table: str, columns: list[str]) -> str:
    """Return what COPY copies, quoted."""
    names = ", ".join(f'"{name}"' for name in columns)
    return f'COPY "{table}" ({names})'


def cursor_of(connection: Connection) -> "psycopg.Cursor[Any]":
    """Return a cursor of the driver, which knows COPY, in the connection's transaction."""
    return cast("psycopg.Cursor[Any]", connection.connection.cursor())


def _rows(connection: Connection, table: str, columns: list[str]) -> Callable[[], Iterator[bytes]]:
    def rows() -> Iterator[bytes]:
        words = f"{copy_words(table, columns)} TO STDOUT"
        with closing(cursor_of(connection)) as cursor, cursor.copy(words) as copy:
            yield from map(bytes, copy)

    return rows


def _bytes_of(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from iter(lambda: opened.read(CHUNK), b"")
