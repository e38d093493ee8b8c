"""What an operator is told, in place of a traceback, of settings and servers that are not well."""

from kombu.exceptions import OperationalError
from obstore.exceptions import BaseError as StoreError
from psycopg.errors import UndefinedTable
from pydantic import ValidationError
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.core.errors import A6hubError
from app.core.settings import words_of_settings

_LOOK = "Look with ./a6hub doctor."
_NOT_MIGRATED = (
    "database: it has not been migrated, or A6HUB_DATABASE_URL and A6HUB_DATA_DIR name another one "
    "than you mean.\n./a6hub migrate makes its tables."
)


def words_of(error: Exception) -> str | None:
    """Return what to say of an error; None if it is a fault of ours."""
    if isinstance(error, A6hubError):
        return error.detail
    if isinstance(error, ValidationError) and error.title == "Settings":
        return "\n".join(words_of_settings(error))
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, DBAPIError) and _lacks_a_table(error):
        return _NOT_MIGRATED
    for what, kinds in _SERVERS.items():
        if isinstance(error, kinds):
            return f"{what}: {_first_line(error)}\n{_LOOK}"
    return None


_SERVERS: dict[str, tuple[type[Exception], ...]] = {
    "database": (SQLAlchemyError,),
    "store": (StoreError,),
    "broker": (RedisError, OperationalError),
}


def _lacks_a_table(error: DBAPIError) -> bool:
    """Return whether a query named a table that there is none of."""
    return isinstance(error.orig, UndefinedTable) or "no such table" in str(error.orig)


def _first_line(error: Exception) -> str:
    found = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return str(found).strip().partition("\n")[0]
