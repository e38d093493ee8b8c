"""The settings of one who joins the stack that `up` runs on this machine."""

import os
from pathlib import Path
from typing import Any

from app.cli.running import find
from app.cli.stack import default_data

#: Whoever sets one of these names another stack.
_NAMED = {"CELERY_BROKER_URL", "REDIS_HOST", "REDIS_PORT"}


def names_a_stack() -> bool:
    """Return whether the environment names the stack to speak to."""
    return bool(_NAMED & os.environ.keys())


def settings_of(description: dict[str, Any]) -> dict[str, str]:
    """Return the environment of one who joins the stack that is described."""
    password = Path(description["redis_password_file"]).read_text()
    url = f"redis://:{password}@127.0.0.1:{description['redis_port']}/0"
    data = str(Path(description["logs"]).parent)
    return {"A6HUB_DATA_DIR": data, "CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url}


def join_if_running() -> None:
    """Speak to the stack that runs here, unless the environment names one or none runs."""
    description = None if names_a_stack() else find(default_data())
    if description is not None:
        os.environ.update(settings_of(description))
