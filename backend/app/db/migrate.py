"""Bringing a database to the newest schema."""

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


def upgrade(settings: Settings) -> None:
    """Bring the database to the newest schema; safe to call at once from several processes."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        command.upgrade(alembic_config(database), "head")
    finally:
        database.close()


def is_current(database: Database) -> bool:
    """Return whether the database has the newest schema."""
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head
