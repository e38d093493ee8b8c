"""Alembic's entry: runs migrations on the database that the caller hands over."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from alembic import context
from sqlalchemy import Connection, text

import app.models  # noqa: F401 - fills the metadata
from app.core.settings import get_settings
from app.db.base import Base
from app.db.engine import IMMEDIATE, Database

#: An arbitrary number that all a6hub processes agree on (PostgreSQL advisory lock).
LOCK = 0xA6_0B


def run() -> None:
    """Migrate in one transaction, one process at a time."""
    database = context.config.attributes.get("database") or Database(get_settings().database)
    engine = database.engine.execution_options(**{IMMEDIATE: True})
    with engine.connect() as connection, _tables_replaceable(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=True
        )
        context.run_migrations()


@contextmanager
def _tables_replaceable(connection: Connection) -> Iterator[None]:
    """Let SQLite replace a table that others refer to without deleting their rows.

    Its way to alter a table is to make a new one and to drop the old, and a drop cascades unless
    foreign keys are off, which only outside of transactions they can be: so by the driver.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


run()
