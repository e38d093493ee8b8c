"""A system to back up and an empty one of the same kind, on both databases and both stores."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.core.settings import Settings
from app.db.engine import Database
from app.jobs.broker import Broker
from app.jobs.context import Context
from app.storage.store import make_store
from tests.conftest import NOBODY
from tests.servers import PostgreSQL
from tests.storage.s3_server import KEY, SECRET, S3Server, serve_s3

MakeEmpty = Callable[[], Context]


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with serve_s3(tmp_path_factory.mktemp("s3-of-backups")) as server:
        yield server


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.system)])
def in_store(request: pytest.FixtureRequest) -> Callable[[Settings], Settings]:
    """Return what gives settings a store of their own."""
    if request.param == "folder":
        return lambda settings: settings
    server: S3Server = request.getfixturevalue("s3")
    return lambda settings: settings.model_copy(
        update={
            "store_url": f"s3://{server.bucket}/{uuid.uuid4().hex}",
            "s3_endpoint": server.endpoint,
            "s3_access_key": SecretStr(KEY),
            "s3_secret_key": SecretStr(SECRET),
        }
    )


@pytest.fixture
def used(context: Context, in_store: Callable[[Settings], Settings]) -> Context:
    """The context, on the store."""
    settings = in_store(context.settings)
    return Context(settings, context.database, make_store(settings), context.broker)


@pytest.fixture
def make_empty(
    request: pytest.FixtureRequest,
    database_url: str,
    tmp_path: Path,
    in_store: Callable[[Settings], Settings],
) -> Iterator[MakeEmpty]:
    """Return what makes an a6hub without even tables."""
    opened: list[Context] = []
    names: list[str] = []
    server: PostgreSQL | None = None
    if database_url.startswith("postgresql"):
        server = request.getfixturevalue("postgresql")

    def make() -> Context:
        folder = tmp_path / f"empty{len(opened)}"
        folder.mkdir()
        url = f"sqlite:///{folder}/a6hub.sqlite3"
        if server is not None:
            names.append(f"e{uuid.uuid4().hex}")
            server.execute(f"CREATE DATABASE {names[-1]}")
            url = server.at(names[-1])
        settings = in_store(Settings(data_dir=folder, database_url=url, celery_broker_url=NOBODY))
        opened.append(Context(settings, Database(url), make_store(settings), Broker(settings)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    for name in names:
        assert server is not None
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
