"""The servers below a site, and what the environment of a6hub's processes has to say of them."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.redis_cluster import RedisCluster
from tests.servers import PostgreSQL, RedisServer
from tests.storage.radosgw import BUCKET, KEY, SECRET, Radosgw


class Server(Protocol):
    """Something that can be killed -9 and started again on what it has kept."""

    def start(self) -> None: ...
    def kill(self) -> None: ...


class Broker(Server, Protocol):
    """A Redis, or several."""

    def empty(self) -> None: ...
    def forget(self) -> None: ...


@dataclass(frozen=True)
class Servers:
    """The servers that run. `others` have no fault but to be killed, which is named after them."""

    redis: Broker
    #: How long Redis is down, in seconds, at the least and at the most.
    redis_outage: tuple[float, float]
    others: dict[str, Server]
    environment: dict[str, str]
    hosts: int
    #: How often another Redis has become the master.
    failovers: Callable[[], int] = lambda: 0


def _with_sqlite(folder: Path, stack: ExitStack) -> Servers:
    """One Redis, SQLite, a folder as the store, two hosts."""
    redis = RedisServer(_made(folder / "redis"), durable=True)
    stack.callback(redis.stop)
    redis.start()
    environment = {
        "CELERY_BROKER_URL": redis.url,
        "A6HUB_DATABASE_URL": f"sqlite:///{folder}/a6hub.sqlite3",
        "A6HUB_STORE_URL": f"file://{_made(folder / 'store')}",
    }
    return Servers(redis, (0.2, 4.0), {}, environment, hosts=2)


def _with_postgresql(folder: Path, stack: ExitStack) -> Servers:
    """The same with PostgreSQL."""
    servers = _with_sqlite(folder, stack)
    _add_postgresql(servers, folder, stack)
    return servers


def _highly_available(folder: Path, stack: ExitStack) -> Servers:
    """Redis with passwords, a replica and Sentinels, PostgreSQL, a real S3 server, three hosts."""
    redis = RedisCluster(_made(folder / "redis"))
    store = Radosgw(_made(folder / "ceph"))
    for server in (redis, store):
        stack.callback(server.stop)
    redis.start()
    store.create()
    (redis.secrets / "s3_access_key").write_text(KEY)
    (redis.secrets / "s3_secret_key").write_text(SECRET)
    environment = {
        **redis.settings,
        "SECRETS_DIR": str(redis.secrets),
        "A6HUB_STORE_URL": f"s3://{BUCKET}",
        "S3_ENDPOINT": store.endpoint,
    }
    # Down for longer than the Sentinels take to make the other one master.
    outage = (5.0, 8.0)
    servers = Servers(redis, outage, {"store": store}, environment, 3, redis.failovers)
    _add_postgresql(servers, folder, stack)
    return servers


def _add_postgresql(servers: Servers, folder: Path, stack: ExitStack) -> None:
    server = servers.others["database"] = PostgreSQL(folder / "pg")
    stack.callback(server.stop)
    server.start()
    server.execute("CREATE DATABASE a6hub")
    servers.environment["A6HUB_DATABASE_URL"] = server.at("a6hub")


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o711)
    return folder


#: Kind of site -> what starts its servers in a folder and has them stopped at the stack's end.
KINDS: dict[str, Callable[[Path, ExitStack], Servers]] = {
    "sqlite": _with_sqlite,
    "postgresql": _with_postgresql,
    "ha": _highly_available,
}
