"""Bringing a database to the newest schema."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.core.settings import Settings
from app.db.engine import Database

_MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(database: Database) -> Config:
    """Return the configuration with which alembic's commands work on `database`."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["database"] = database
    return config


def upgrade(settings: Settings, schema: str = "head") -> None:
    """Bring the database to a schema, by default the newest.

    Safe to call at once from several processes.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database)
    try:
        command.upgrade(alembic_config(database), schema)
    finally:
        database.close()


def is_current(database: Database) -> bool:
    """Return whether the database has the newest schema."""
    return current_schema(database) == _newest_schema()


def fits(database: Database) -> bool:
    """Return whether this a6hub can work with the database's schema.

    That is the newest that it knows, or one that it does not know: the next a6hub has made it, and
    an upgrade only adds (docs/upgrade.md).
    """
    there = current_schema(database)
    return is_current(database) or bool(there and not knows_schema(there))


def current_schema(database: Database) -> str:
    """Return the schema that the database has; empty when it has none."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


@cache
def _newest_schema() -> str | None:
    """Return what the migrations make, read once: whoever asks for health asks again and again."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


def knows_schema(schema: str) -> bool:
    """Return whether there is a migration that makes this schema."""
    scripts = ScriptDirectory(str(_MIGRATIONS)).walk_revisions()
    return schema in {script.revision for script in scripts}
