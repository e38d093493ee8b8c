"""What has to be there before the parts start: the schema, the first user, a way to run jobs."""

import os

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.users import ensure_admin
from app.cli.mistakes import words_of
from app.cli.stack import ADMIN
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from app.executors.registry import make_executor

_HOW_TO_TRUST = "If all users may do anything on this machine, A6HUB_TRUSTED=1 goes on without."


class NotUsableError(Exception):
    """The stack cannot run with these settings on this machine; the text says why."""


def prepare(admin_password: str) -> list[str]:
    """Make all ready, as the environment says; return what the user should know."""
    try:
        warnings = _choose_executor(Settings())
        settings = Settings()
        upgrade(settings)
        database = Database(settings.database)
        ensure_admin(database, ADMIN, admin_password)
        database.close()
    except (ValidationError, SQLAlchemyError) as error:
        raise NotUsableError(words_of(error) or str(error)) from None
    return warnings


def _choose_executor(settings: Settings) -> list[str]:
    """Have jobs confined; where that cannot be, run them plainly if the user trusts all users."""
    executor = make_executor(settings)
    trouble = executor.check()
    if trouble is None:
        return executor.warnings()
    if settings.executor != "bubblewrap":  # what was asked for is not replaced
        raise NotUsableError(trouble)
    if not settings.trusted:
        raise NotUsableError(f"{trouble}\n{_HOW_TO_TRUST}")
    os.environ["A6HUB_EXECUTOR"] = "process"
    return [trouble, *make_executor(Settings()).warnings()]
