"""Real servers to test with: databases of both kinds, Redis, a store."""

import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from app.jobs.broker import Broker
from app.jobs.context import Context
from app.storage.store import make_store
from tests.servers import PostgreSQL, RedisServer

pytest_plugins = ("tests.flow_image", "tests.replay.fixtures")

#: How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

_PREFIXES = ("A6HUB_", "CELERY_", "S3_", "MAX_JOB_", "OTEL_", "SENTRY_")
#: An address on which nobody listens: what is sent there is refused at once.
NOBODY = "redis://127.0.0.1:1/0"
#: Folders whose files take longest: begun first, so that no process ends long after the others.
LONGEST = {"chaos", "deploy", "system"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.parent.name not in LONGEST)


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """Keep the settings of whoever runs the tests out of them."""
    known = {"REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "MAX_ATTEMPTS", "SECRETS_DIR"}
    for name in list(os.environ):
        if name in known or name.startswith(_PREFIXES):
            del os.environ[name]


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy: faster than migrating one for each test."""
    folder = tmp_path_factory.mktemp("sqlite")
    upgrade(Settings(data_dir=folder))
    with sqlite3.connect(folder / "a6hub.sqlite3") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder / "a6hub.sqlite3"


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    """A PostgreSQL server with a migrated database named `template`."""
    # Its folder is not below pytest's, which its user may not always enter.
    with tempfile.TemporaryDirectory(prefix="a6hub-tests-") as folder:
        server = PostgreSQL(Path(folder) / "pg")
        server.start()
        _hurry(server)
        server.execute("CREATE DATABASE template")
        data = tmp_path_factory.mktemp("data")
        upgrade(Settings(data_dir=data, database_url=server.at("template")))
        yield server
        server.stop()


def _hurry(server: PostgreSQL) -> None:
    """Have it not wait for the disk, as each CREATE and DROP DATABASE does: none loses its power."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        server.execute(f"ALTER SYSTEM SET {name} = off")
    server.execute("SELECT pg_reload_conf()")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database, once of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "a6hub.sqlite3")
        yield f"sqlite:///{tmp_path}/a6hub.sqlite3"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = f"t{uuid.uuid4().hex}"
    # By files: what writes each block of them into the log of the server takes twice as long.
    server.execute(f"CREATE DATABASE {name} TEMPLATE template STRATEGY file_copy")
    yield server.at(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def context(database_url: str, tmp_path: Path) -> Iterator[Context]:
    """All that a process needs; the broker is away."""
    settings = Settings(data_dir=tmp_path, database_url=database_url, celery_broker_url=NOBODY)
    opened = Context(settings, Database(database_url), make_store(settings), Broker(settings))
    yield opened
    opened.close()


@pytest.fixture
def database(context: Context) -> Database:
    return context.database


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"), durable=False)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def redis_context(
    context: Context, redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Context]:
    """All that a process needs, with an empty Redis as its broker, which is not away when it is slow."""
    monkeypatch.setattr("app.jobs.broker.SOCKET_SECONDS", 60.0)
    settings = context.settings.model_copy(update={"celery_broker_url": redis_server})
    opened = Context(settings, context.database, context.store, Broker(settings))
    opened.broker.redis.flushall()
    yield opened
    opened.broker.redis.close()
