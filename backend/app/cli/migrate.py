"""`./a6hub migrate`: what a database needs before anything of a new version starts."""

import typer

from app.accounts.users import ensure_admin
from app.cli.stack import ADMIN
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade


def migrate() -> None:
    """Bring the database to the newest schema; safe to run beside others and to run again.

    With A6HUB_ADMIN_PASSWORD the user `admin` is made as well, or gets this password.
    """
    settings = Settings()
    upgrade(settings)
    if settings.admin_password:
        _ensure_admin(settings, settings.admin_password.get_secret_value())
    typer.echo("The database has the newest schema.")


def _ensure_admin(settings: Settings, password: str) -> None:
    database = Database(settings.database)
    try:
        ensure_admin(database, ADMIN, password)
    finally:
        database.close()
