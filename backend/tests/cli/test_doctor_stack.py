"""What `doctor` finds in store, Redis, settings, sockets and workers: each is really broken."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from app.cli import doctor_redis, doctor_stack
from app.cli.doctor_machine import look_at_executor
from app.cli.doctor_redis import look_at_redis
from app.cli.doctor_settings import look_at_settings
from app.cli.doctor_stack import look_at_stack, look_at_store
from app.cli.finding import Finding
from app.core.clock import utcnow
from app.core.settings import Settings
from app.jobs.context import Context
from tests.cli.test_doctor import bad
from tests.conftest import NOBODY
from tests.servers import RedisServer
from tests.system.workers import worker


def test_a_store_that_is_well(tmp_path: Path) -> None:
    assert look_at_store(Settings(data_dir=tmp_path)).well
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


def test_a_store_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "health").write_text("a file in a folder's place")
    assert bad([look_at_store(Settings(data_dir=tmp_path))]) == ["store"]
    nowhere = Settings(store_url="s3://none", s3_endpoint="http://127.0.0.1:1")
    assert bad([look_at_store(nowhere)]) == ["store"]


def test_a_store_with_another_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = utcnow()
    monkeypatch.setattr(doctor_stack, "utcnow", lambda: now - timedelta(days=365))
    found = look_at_store(Settings(data_dir=tmp_path))
    assert not found.well
    assert "clock" in found.words


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    running = RedisServer(tmp_path / "redis", durable=True)
    running.start()
    yield running
    running.stop()


Break = Callable[[redis.Redis], object]


@pytest.mark.system
@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("redis maxmemory-policy", lambda r: r.config_set("maxmemory-policy", "allkeys-lru")),
        ("redis appendonly", lambda r: r.config_set("appendonly", "no")),
        ("redis memory", lambda r: r.config_set("maxmemory", r.info("memory")["used_memory"])),
        ("redis password", lambda r: r.config_set("bind", "0.0.0.0 -::*")),
    ],
)
def test_a_redis_that_is_set_up_wrongly(server: RedisServer, name: str, spoil: Break) -> None:
    settings = Settings(celery_broker_url=server.url)
    assert bad(list(look_at_redis(settings))) == []
    with redis.Redis.from_url(server.url) as client:
        spoil(client)
    assert bad(list(look_at_redis(settings))) == [name]


@pytest.mark.system
def test_a_redis_that_wants_a_password(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.config_set("requirepass", "secret")
    url = server.url.replace("redis://", "redis://:secret@")
    found = {one.name: one for one in look_at_redis(Settings(celery_broker_url=url))}
    assert found["redis password"] == Finding("redis password", True, "wanted")
    stranger = list(look_at_redis(Settings(celery_broker_url=server.url)))
    assert bad(stranger) == ["redis"]


@pytest.mark.system
def test_a_redis_that_is_too_old(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_redis, "OLDEST", (99, 0))
    assert bad(list(look_at_redis(Settings(celery_broker_url=server.url)))) == ["redis version"]


def test_a_redis_that_is_away(context: Context) -> None:
    assert "broker" in bad(list(look_at_stack(context.settings)))
    assert bad(list(look_at_redis(Settings(celery_broker_url=NOBODY)))) == ["redis"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, None),
        ({"redis_host": "redis.example"}, "SQLite"),
        ({"redis_sentinels": "localhost:26379"}, "SQLite"),
        ({"redis_host": "redis.example", "database_url": "postgresql://db/a6hub"}, None),
        ({"s3_endpoint": "https://s3.example", "s3_access_key": "a"}, "S3_SECRET_KEY"),
        ({"s3_endpoint": "https://s3.example", "s3_access_key": "a", "s3_secret_key": "b"}, None),
        ({"keep_files_days": 7}, "A6HUB_KEEP_STEPS_DAYS"),
        ({"keep_files_days": 7, "keep_steps_days": 7}, None),
        ({"upkeep_seconds": 60}, "A6HUB_UPKEEP_SECONDS"),
        ({"republish_seconds": 1}, "A6HUB_REPUBLISH_SECONDS"),
    ],
)
def test_settings_that_contradict_each_other(
    values: dict[str, object], words: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    settings = Settings(**values)  # type: ignore[arg-type]  # checked by pydantic
    found = [one for one in look_at_settings(settings) if not one.well]
    assert bad(found) == ([] if words is None else ["settings"])
    assert all((words or "") in one.words + one.advice for one in found)


def test_the_retention_is_told() -> None:
    settings = Settings(keep_files_days=90)
    [told] = [one for one in look_at_settings(settings) if one.name == "retention"]
    assert "steps 14 days, logs and artifacts 90 days, jobs for ever" in told.words


def test_who_may_use_the_engines_socket(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    images = {"default": f"sha256:{'0' * 64}"}
    settings = Settings(
        data_dir=tmp_path, executor="docker", docker_host=f"unix://{path}", docker_images=images
    )

    def found() -> Finding:
        [one] = [one for one in look_at_executor(settings) if one.name == "engine's socket"]
        return one

    assert "there is none" in found().words
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(path))
        path.chmod(0o666)
        assert "everybody" in found().words
        path.chmod(0o660)
        assert found().well


@pytest.mark.system
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_workers_of_another_time_limit_and_of_one_queue(
    context: Context, redis_context: Context, tmp_path: Path
) -> None:
    settings = redis_context.settings
    with worker(settings, tmp_path / "log", "--queues=build", MAX_JOB_DURATION_SECONDS="7200"):
        found = {one.name: one for one in look_at_stack(settings)}
        assert found["workers"].well
        assert "log@test" in found["workers"].words
        assert (found["queues"].well, found["time limits"].well) == (False, False)
        assert "simulation" in found["queues"].advice
        assert "log@test: 7" in found["time limits"].words
        longer = settings.model_copy(update={"max_job_duration_seconds": 7200})
        assert {one.name: one for one in look_at_stack(longer)}["time limits"].well
    gone = {one.name: one for one in look_at_stack(settings)}
    assert not gone["workers"].well
