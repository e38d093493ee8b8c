"""The config that a project keeps: its builds begin with it, and a build's own config wins."""

from typing import Any

from app.core.errors import InvalidError
from app.jobs.context import Context
from app.jobs.offers import offered
from app.models import User
from app.projects.projects import get_project
from app.toolchains.base import BadInputError
from app.toolchains.librelane.keeping import keepable


def kept_config(context: Context, user: User, project_id: int) -> dict[str, Any]:
    """Return what a project keeps; NotFoundError if there is no such project for `user`."""
    with context.database.reading() as session:
        return get_project(session, user, project_id).build_config


def keep_config(
    context: Context, user: User, project_id: int, config: dict[str, Any]
) -> dict[str, Any]:
    """Keep a config in place of the one before, and return it as it is kept.

    Raises NotFoundError and ForbiddenError for the project, InvalidError for the config.
    """
    with context.database.reading() as session:
        get_project(session, user, project_id, change=True)
    try:
        kept = keepable(config, offered(context))
    except BadInputError as error:
        raise InvalidError.of([(error.field, error.message), *error.more]) from error
    _set(context, user, project_id, kept)
    return kept


def forget_config(context: Context, user: User, project_id: int) -> None:
    """Keep nothing any more. Raises NotFoundError and ForbiddenError."""
    _set(context, user, project_id, {})


def _set(context: Context, user: User, project_id: int, config: dict[str, Any]) -> None:
    with context.database.writing() as session:
        get_project(session, user, project_id, change=True).build_config = config


def layered(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return a config over which another is laid; a mapping in it keeps what is not changed."""
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = {**old, **value} if both else value  # type: ignore[dict-item]  # both are
    return merged
