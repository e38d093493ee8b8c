"""`./a6hub migration`: a new migration from what the models have and the schema has not."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from alembic import command
from alembic.script import ScriptDirectory

from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import alembic_config, upgrade


def migration(what: Annotated[str, typer.Argument(help="What it does, in a few words.")]) -> None:
    """Write a migration for the changes of the models; look through it before you commit it."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/new.sqlite3"
        upgrade(Settings(data_dir=Path(folder), database_url=url))
        database = Database(url)
        try:
            config = alembic_config(database)
            number = f"{len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1:04}"
            command.revision(config, what, autogenerate=True, rev_id=number)
        finally:
            database.close()
