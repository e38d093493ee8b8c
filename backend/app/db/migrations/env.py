"""Alembic's entry: runs migrations on the database that the caller hands over."""

from alembic import context
from sqlalchemy import text

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
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=True
        )
        context.run_migrations()


run()
