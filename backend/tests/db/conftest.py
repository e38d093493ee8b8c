"""Databases in which there is nothing yet."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import PostgreSQL


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database in which there is nothing."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/a6hub.sqlite3"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    server.execute(f"CREATE DATABASE {name}")
    yield server.at(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
