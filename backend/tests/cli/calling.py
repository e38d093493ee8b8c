"""`./a6hub COMMAND` after set-up, called as an operator does."""

import os
import subprocess
import sys
from collections.abc import Mapping

from app.core.settings import Settings
from tests.conftest import NOBODY
from tests.system.workers import BACKEND

Called = subprocess.CompletedProcess[str]


def call(environment: Mapping[str, str], *words: str, typed: str = "") -> Called:
    """Run a command to its end; `typed`: what it reads."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=BACKEND,
        env={**os.environ, **environment},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def cli(settings: Settings, *words: str, typed: str = "") -> Called:
    """Run a command on the database and the store of `settings`; there is no broker."""
    environment = {
        "A6HUB_DATA_DIR": str(settings.data_dir),
        "A6HUB_DATABASE_URL": settings.database,
        "A6HUB_STORE_URL": settings.store,
        "CELERY_BROKER_URL": NOBODY,
    }
    return call(environment, *words, typed=typed)
