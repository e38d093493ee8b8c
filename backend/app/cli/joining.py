"""The settings of one who joins the stack that `up` runs on this machine."""

import os
from pathlib import Path
from typing import Any

from app.cli.running import find
from app.cli.stack import default_data, places_named

#: Whoever sets one of these names another stack: `up` has a Redis of its own.
_BROKER = ("CELERY_BROKER_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_SENTINELS")


def names_a_stack() -> bool:
    """Return whether the environment names the stack to speak to."""
    return _names_a_broker() or bool(places_named())


def running_here(data: Path) -> dict[str, Any] | None:
    """Return the description of the stack on `data`; None if the environment names another one.

    One that names the database and the store which that stack was started with means that stack.
    """
    description = None if _names_a_broker() else find(data)
    if description is None or places_named() not in ({}, _places(description)):
        return None
    return description


def settings_of(description: dict[str, Any]) -> dict[str, str]:
    """Return the environment of one who joins the stack that is described."""
    password = Path(description["redis_password_file"]).read_text()
    url = f"redis://:{password}@127.0.0.1:{description['redis_port']}/0"
    data = str(Path(description["logs"]).parent)
    broker = {"CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url}
    return {"A6HUB_DATA_DIR": data, **broker, **_places(description)}


def join_if_running() -> None:
    """Speak to the stack that runs here, unless the environment names one or none runs."""
    description = running_here(default_data())
    if description is not None:
        os.environ.update(settings_of(description))


def _names_a_broker() -> bool:
    return any(map(os.environ.get, _BROKER))


def _places(description: dict[str, Any]) -> dict[str, str]:
    places: dict[str, str] = description.get("places", {})
    return places
