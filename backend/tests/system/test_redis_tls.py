"""Redis and its Sentinels over TLS, with an authority of the tests' own."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import pools

from app.cli.doctor_stack import look_at_stack
from app.core.settings import Settings
from app.db.migrate import upgrade
from app.jobs.broker import BROKER_ERRORS, Broker, make_redis, open_async_redis
from app.workers.checks import check_connection
from tests.certificates import Authority
from tests.redis_cluster import PASSWORD, SENTINEL_PASSWORD, RedisCluster
from tests.servers import free_port
from tests.system.test_guide import FLOWER, WORKER, Guide, get
from tests.system.workers import wait_until

pytestmark = pytest.mark.system

Known = dict[str, Any]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def cluster(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisCluster]:
    started = RedisCluster(tmp_path_factory.mktemp("cluster"), authority)
    try:
        started.start()
        yield started
    finally:
        started.stop()


@pytest.fixture(autouse=True)
def _no_connection_of_another_test() -> Iterator[None]:
    """kombu would take a connection of the same address that it has, whatever the authority."""
    yield
    pools.reset()


@pytest.fixture
def address(cluster: RedisCluster, authority: Authority) -> Known:
    """What those set who speak to Redis itself."""
    return {
        "REDIS_TLS": "1",
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": str(cluster.ports[0]),
        "REDIS_PASSWORD": PASSWORD,
        "REDIS_CA_FILE": str(authority.certificate),
    }


@pytest.fixture
def sentinels(cluster: RedisCluster, address: Known) -> Known:
    """What those set who ask the Sentinels."""
    return {**address, **cluster.settings, "REDIS_SENTINEL_PASSWORD": SENTINEL_PASSWORD}


@pytest.fixture(params=["address", "sentinels"])
def known(request: pytest.FixtureRequest) -> Known:
    """Both, one after the other."""
    return dict(request.getfixturevalue(request.param))


def test_worker_flower_and_the_celery_script(known: Known, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, **known)
    upgrade(settings)
    logs = tmp_path / "logs"
    logs.mkdir()
    guide = Guide(settings, logs)
    guide.environment |= {**known, "CELERY_BROKER_URL": "", "FLOWER_BASIC_AUTH": "ada:secret"}
    port = free_port()
    with (
        guide.running(WORKER, r" ready\."),
        guide.running(FLOWER.format(port=port), "Connected to"),
    ):
        task = Broker(settings).send(1, "build")
        result = f"celery-task-meta-{task}"
        wait_until(lambda: make_redis(settings).exists(result) == 1, "the worker keeps a result")
        api = f"http://127.0.0.1:{port}/api"
        queues = json.loads(get(f"{api}/queues/length", ("ada", "secret")).text)
        assert "Passed: 4/4" in guide.output("python scripts/test-celery.py")
    assert {"name": "build", "messages": 0} in queues["active_queues"]


def test_doctor_and_those_who_follow_a_log(known: Known, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, **known)
    wait_until(lambda: check_connection(settings).well, "Redis is trusted")
    found = {one.name: one for one in look_at_stack(settings)}
    assert found["redis appendonly"].well
    assert (found["redis TLS"].words, found["redis password"].words) == ("used", "wanted")
    wait_until(lambda: _follower_connects(settings), "Redis is trusted by those who follow")


def _follower_connects(settings: Settings) -> bool:
    try:
        return asyncio.run(_ping(settings))
    except BROKER_ERRORS:
        return False


async def _ping(settings: Settings) -> bool:
    async with open_async_redis(settings, 1) as client:
        return bool(await client.ping())


def test_another_authority_is_not_trusted(known: Known, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other").certificate
    settings = Settings(data_dir=tmp_path, **{**known, "REDIS_CA_FILE": str(other)})
    found = {one.name: one for one in look_at_stack(settings)}
    assert not found["broker"].well
    assert "certificate verify failed" in found["broker"].words
    assert str(other) in found["broker"].advice
    with pytest.raises(BROKER_ERRORS):
        Broker(settings).send(1, "build")
    assert not _follower_connects(settings)


def test_a_certificate_is_for_its_host_alone(address: Known, tmp_path: Path) -> None:
    """The one here is for 127.0.0.1."""
    settings = Settings(data_dir=tmp_path, **{**address, "REDIS_HOST": "localhost"})
    found = check_connection(settings)
    assert not found.well
    assert "Hostname mismatch" in found.lines[0]
    assert "host's name" in found.advice


def test_without_tls_nothing_is_said(address: Known, tmp_path: Path) -> None:
    found = check_connection(Settings(data_dir=tmp_path, **{**address, "REDIS_TLS": "0"}))
    assert not found.well
    assert "REDIS_TLS" in found.advice


def test_a_client_shows_its_certificate(
    address: Known, cluster: RedisCluster, authority: Authority, tmp_path: Path
) -> None:
    certificate, key = authority.sign("a6hub", "DNS:a6hub")
    own: Known = {"REDIS_CERT_FILE": str(certificate), "REDIS_KEY_FILE": str(key)}
    with cluster.client(cluster.ports[0]) as client:
        client.config_set("tls-auth-clients", "yes")
        try:
            shown = Settings(data_dir=tmp_path, **address, **own)
            wait_until(lambda: check_connection(shown).well, "the certificate is taken")
            assert not check_connection(Settings(data_dir=tmp_path, **address)).well
        finally:
            client.config_set("tls-auth-clients", "optional")
