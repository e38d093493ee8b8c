"""One database, two ways in: `reading()` and `writing()`.

On SQLite a transaction that reads first and writes later fails at once when somebody else wrote in
between (SQLITE_BUSY_SNAPSHOT, which no timeout waits for). So `writing()` takes the write lock at
its start (BEGIN IMMEDIATE) and waits for it there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session

#: How long a writer waits for another on SQLite, in seconds.
SQLITE_BUSY_SECONDS = 30
#: Execution option of a connection: its transactions begin with BEGIN IMMEDIATE on SQLite.
IMMEDIATE = "sqlite_immediate"


#: How libpq notices a server that vanished without a word, in about 25 s; by itself it would take a
#: quarter of an hour when it waits for what it sent to arrive, and two hours when it waits for an
#: answer. What the URL says goes first.
_PATIENCE = {
    "connect_timeout": 10,  # s
    "tcp_user_timeout": 25_000,  # ms
    "keepalives_idle": 10,  # s
    "keepalives_interval": 5,  # s
    "keepalives_count": 3,
}


class Database:
    """The connections of one process to the database; safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.engine = _sqlite_engine(url) if url.startswith("sqlite") else _server_engine(url)
        self._writing = self.engine.execution_options(**{IMMEDIATE: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that writes nothing.

        On SQLite it sees one state of the database, on PostgreSQL each query what is committed when
        it begins.
        """
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session whose work is committed at the end, or undone on an exception."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _server_engine(url: str) -> Engine:
    parsed = make_url(_with_driver(url))
    patience = {name: value for name, value in _PATIENCE.items() if name not in parsed.query}
    # Else psycopg gives bytes where a database was made without an encoding (SQL_ASCII).
    arguments = {"client_encoding": "utf8", **patience}
    return create_engine(parsed, pool_pre_ping=True, pool_size=10, connect_args=arguments)


def _with_driver(url: str) -> str:
    """Name psycopg 3 in a plain PostgreSQL URL."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _sqlite_engine(url: str) -> Engine:
    # isolation_level None: the driver begins no transactions of its own; _sqlite_begin does.
    arguments = {"timeout": SQLITE_BUSY_SECONDS, "isolation_level": None}
    engine = create_engine(url, connect_args=arguments)
    event.listen(engine, "connect", _sqlite_pragmas)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_pragmas(connection: Any, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
