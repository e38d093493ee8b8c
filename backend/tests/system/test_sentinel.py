"""Redis with a replica and three Sentinels, as the compose file starts them; the master is killed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.jobs.broker import BROKER_ERRORS, Broker, make_redis, open_async_redis, transport_options
from tests.redis_cluster import MASTER, PASSWORD, SENTINEL_PASSWORD, RedisCluster
from tests.system.workers import wait_until

pytestmark = pytest.mark.system


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    started = RedisCluster(tmp_path)
    try:
        started.start()
        wait_until(started.is_whole, "the Sentinels know each other")
        yield started
    finally:
        started.stop()


@pytest.fixture
def settings(cluster: RedisCluster, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        redis_sentinels=cluster.settings["REDIS_SENTINELS"],
        redis_password=PASSWORD,
        redis_sentinel_password=SENTINEL_PASSWORD,
    )


def test_messages_survive_the_death_of_the_master(
    cluster: RedisCluster, settings: Settings
) -> None:
    broker = Broker(settings)
    master, replica = cluster.ports
    broker.send(1, "build")
    # Not WAIT: that tells of what its own connection has written, and this one has written nothing.
    wait_until(lambda: _waiting(cluster, replica) == 1, "the replica has it")
    cluster.kill(master)
    wait_until(lambda: _sends(broker), "a new master takes messages")
    # Not lost; one whose answer was cut off has been sent again.
    assert make_redis(settings).llen("build") >= 2
    assert asyncio.run(_length(settings)) >= 2
    cluster.start()
    wait_until(lambda: cluster.role(master) == "slave", "the old master follows the new one")


def _waiting(cluster: RedisCluster, port: int) -> int:
    with cluster.client(port) as client:
        return int(client.llen("build"))


def _sends(broker: Broker) -> bool:
    try:
        broker.send(2, "build")
    except BROKER_ERRORS:
        return False
    return True


async def _length(settings: Settings) -> int:
    async with open_async_redis(settings, 1) as client:
        return int(await client.llen("build"))


def test_celery_is_told_the_master_and_the_password() -> None:
    options = transport_options(Settings(redis_sentinels="a:1", redis_sentinel_password="x"))
    assert (options["master_name"], options["sentinel_kwargs"]) == (MASTER, {"password": "x"})


def test_without_sentinels_celery_is_told_nothing_of_them() -> None:
    assert "master_name" not in transport_options(Settings())
