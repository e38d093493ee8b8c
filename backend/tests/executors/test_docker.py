"""What only containers have: images, volumes, labels, the engine's own troubles."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import docker
import pytest
from pydantic import ValidationError

from app.core.settings import Settings
from app.executors.base import Executor, Outcome
from app.executors.docker.options import instance_of
from app.executors.registry import make_executor
from tests.executors.conftest import EngineWithImage
from tests.executors.image import make_image
from tests.executors.runs import HOLD, LABELS, Run, is_free, make_command, run, start_worker

_NONE = "sha256:" + "0" * 64
_KILL_THE_WATCH = (
    "for p in /proc/[0-9]*; do p=${p#/proc/}; "
    "case $p in 1|$$|$PPID) ;; *) kill -KILL $p 2>/dev/null;; esac; done; "
)


@pytest.fixture
def executor(engine: EngineWithImage, tmp_path_factory: pytest.TempPathFactory) -> Executor:
    return make_executor(engine.settings(tmp_path_factory.mktemp("data")))


@pytest.fixture
def client(engine: EngineWithImage) -> Iterator[docker.APIClient]:
    with closing(engine.engine.client()) as opened:
        yield opened


@pytest.mark.parametrize(
    "images",
    ["debian", "default=debian:12", "default=debian@sha256:12", "=sha256:" + "0" * 64, "a b"],
)
def test_images_are_pinned(images: str) -> None:
    with pytest.raises(ValidationError, match="names no pinned image"):
        Settings(executor="docker", docker_images=images)


def test_images_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A6HUB_EXECUTOR", "docker")
    monkeypatch.setenv("A6HUB_DOCKER_IMAGES", f"default={_NONE}, icarus=r.example/i:1@{_NONE}")
    assert Settings().docker_images == {"default": _NONE, "icarus": f"r.example/i:1@{_NONE}"}
    with pytest.raises(ValidationError, match="needs A6HUB_DOCKER_IMAGES"):
        Settings(executor="docker", docker_images="")


def test_only_unix_sockets() -> None:
    with pytest.raises(ValidationError, match="docker_host"):
        Settings(docker_host="tcp://127.0.0.1:2375")


def test_missing_image(engine: EngineWithImage, tmp_path: Path) -> None:
    settings = engine.settings(tmp_path, docker_images={"default": _NONE})
    end = run(make_executor(settings), make_command(tmp_path, ("true",)))
    assert end.outcome is Outcome.NOT_STARTED
    assert "./a6hub images pull" in end.message


def test_no_image_for_the_tools(engine: EngineWithImage, tmp_path: Path) -> None:
    settings = engine.settings(tmp_path, docker_images={"icarus": engine.image})
    executor = make_executor(settings)
    assert run(executor, make_command(tmp_path, ("true",), tools="icarus")).ok
    end = run(executor, make_command(tmp_path, ("true",), tools="librelane"))
    assert end.outcome is Outcome.NOT_STARTED
    assert "A6HUB_DOCKER_IMAGES names no image for librelane" in end.message


def test_image_without_a_shell(
    engine: EngineWithImage, client: docker.APIClient, tmp_path: Path
) -> None:
    image = make_image(client, without=["sh"])
    settings = engine.settings(tmp_path, docker_images={"default": image})
    end = run(make_executor(settings), make_command(tmp_path, ("true",)))
    assert end.outcome is Outcome.NOT_STARTED
    assert "/bin/sh" in end.message


def test_volumes_of_the_image_are_small(
    engine: EngineWithImage, client: docker.APIClient, tmp_path: Path
) -> None:
    """An image's volume would be a place to write without a limit, and be left behind."""
    image = make_image(client, changes=["VOLUME /data"])
    settings = engine.settings(tmp_path / "d", docker_images={"default": image})
    script = "grep ' /data tmpfs ' /proc/mounts && head -c 60000000 /dev/zero > /data/x"
    done = Run(make_executor(settings), tmp_path, script, memory_bytes=100_000_000)
    assert "/data tmpfs" in done.output
    assert not done.end.ok
    assert not client.volumes()["Volumes"]


def test_unknown_runtime(engine: EngineWithImage, tmp_path: Path) -> None:
    settings = engine.settings(tmp_path, docker_runtime="no-such-runtime")
    end = run(make_executor(settings), make_command(tmp_path, ("true",)))
    assert end.outcome is Outcome.NOT_STARTED
    assert "no-such-runtime" in end.message


def test_no_engine(tmp_path: Path) -> None:
    settings = Settings(
        executor="docker",
        docker_images=f"default={_NONE}",
        docker_host=f"unix://{tmp_path}/none",
        data_dir=tmp_path,
    )
    executor = make_executor(settings)
    end = run(executor, make_command(tmp_path, ("true",)))
    assert end.outcome is Outcome.NOT_STARTED
    assert f"does not answer at unix://{tmp_path}/none" in end.message
    assert executor.check() == end.message
    assert executor.warnings() == [end.message]
    assert executor.protections()["network"] is False
    executor.sweep(lambda _: False)


def test_raw_socket_is_warned_of(executor: Executor) -> None:
    [warning] = executor.warnings()
    assert "ROOT" in warning
    found = executor.protections()
    assert found["engine's socket gives no root"] is False
    assert (found["system call filter"], found["memory limit by control group"]) == (True, True)


def test_what_the_engine_was_told(
    executor: Executor, client: docker.APIClient, tmp_path: Path
) -> None:
    """The restrictions as the engine itself shows them, for a container that runs."""
    seen: list[dict[str, Any]] = []

    class Looking(Run):
        def _take(self, piece: bytes) -> None:
            seen.extend(client.inspect_container(one["Id"]) for one in client.containers())
            self._stop.set()

    given = {"labels": LABELS, "memory_bytes": 1 << 28, "processes": 50, "file_bytes": 1 << 20}
    Looking(executor, tmp_path, "echo; sleep 1000", **given)
    [shown] = seen
    host = shown["HostConfig"]
    assert host["NetworkMode"] == "none"
    assert host["ReadonlyRootfs"]
    assert not host["Privileged"]
    assert host["CapDrop"] == ["ALL"]
    assert host["CapAdd"] is None
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["IpcMode"] == "private"
    assert host["Init"]
    assert (host["Memory"], host["MemorySwap"]) == (1 << 28, 1 << 28)
    assert host["PidsLimit"] == 53
    assert host["NanoCpus"] > 0
    assert host["Devices"] is None
    limits = {one["Name"]: (one["Soft"], one["Hard"]) for one in host["Ulimits"]}
    assert (limits["core"], limits["fsize"]) == ((0, 0), (1 << 20, 1 << 20))
    assert shown["Config"]["User"].split(":")[0] != "0"
    assert shown["Config"]["Labels"].items() >= LABELS.items()
    assert [mount["Destination"] for mount in shown["Mounts"]] == ["/job"]


def test_nothing_of_the_worker_is_in_the_container(
    executor: Executor, client: docker.APIClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A6HUB_DATABASE_URL", "postgresql://u:s3cret@h/d")
    seen: list[str] = []

    class Looking(Run):
        def _take(self, piece: bytes) -> None:
            seen.extend(json.dumps(client.inspect_container(c["Id"])) for c in client.containers())
            self._stop.set()

    Looking(executor, tmp_path, "echo; sleep 1000")
    assert len(seen) == 1
    assert "s3cret" not in seen[0]


def test_no_container_is_left(executor: Executor, client: docker.APIClient, tmp_path: Path) -> None:
    Run(executor, tmp_path, "exit 1")
    Run(executor, tmp_path, "sleep 1000", wall_seconds=0.1)
    run(executor, make_command(tmp_path, ("no-such-tool",)))
    assert client.containers(all=True) == []


def test_container_that_is_removed_meanwhile(
    executor: Executor, client: docker.APIClient, tmp_path: Path
) -> None:
    """As by the upkeep of another worker, when the lease was lost."""

    class Removing(Run):
        def _take(self, piece: bytes) -> None:
            [one] = client.containers()
            client.remove_container(one["Id"], force=True)

    done = Removing(executor, tmp_path, "echo; sleep 1000")
    assert done.end.outcome is Outcome.LOST


def test_report_cannot_be_flooded(executor: Executor, tmp_path: Path) -> None:
    """A command can reach what start.sh writes to; it gains nothing, and the worker keeps little."""
    script = "yes a6hub peak 1 | head -c 50000000 > /proc/1/fd/2; exit 3"
    done = Run(executor, tmp_path, script)
    assert (done.end.outcome, done.end.code, done.output) == (Outcome.EXITED, 3, "")
    assert (done.end.usage.peak_memory_bytes or 0) > 1 << 20


def test_killed_commands_have_a_usage_too(
    executor: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.executors.docker.run.LAST_LOOK_SECONDS", 60.0)
    script = "trap '' TERM; python3 -c 'while True: pass'"
    usage = Run(executor, tmp_path, script, wall_seconds=0.5, grace_seconds=0.2).end.usage
    assert usage.cpu_seconds
    assert usage.peak_memory_bytes


@pytest.fixture
def left(
    engine: EngineWithImage, client: docker.APIClient, tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """Makes containers such as a worker leaves that is killed: one that runs, with labels."""
    made: list[str] = []

    def make(labels: dict[str, str]) -> str:
        config = client.create_container(engine.image, ["sleep", "1000"], labels=labels)
        made.append(config["Id"])
        client.start(config["Id"])
        return str(config["Id"])

    yield make
    for container in made:
        with suppress(docker.errors.NotFound):
            client.remove_container(container, force=True)


def test_sweep_removes_the_dead_ones_of_its_own(
    engine: EngineWithImage, client: docker.APIClient, left: Callable[..., str], tmp_path: Path
) -> None:
    executor = make_executor(engine.settings(tmp_path / "mine"))
    own = {"a6hub.instance": instance_of(tmp_path / "mine" / "work")}
    foreign = {"a6hub.instance": instance_of(tmp_path / "other" / "work")}
    dead, alive = ({"a6hub.job": job, "a6hub.attempt": "1"} for job in ("7", "8"))
    gone, *stay = (left(own | dead), left(own | alive), left(foreign | dead), left(dead), left(own))
    asked: list[Mapping[str, str]] = []

    def is_alive(labels: Mapping[str, str]) -> bool:
        asked.append(labels)
        return labels["a6hub.job"] == "8"

    executor.sweep(is_alive)
    assert {one["Id"] for one in client.containers(all=True)} == set(stay)
    assert gone not in stay
    assert all(labels["a6hub.instance"] == own["a6hub.instance"] for labels in asked)


def test_sweep_takes_what_resists(
    engine: EngineWithImage, client: docker.APIClient, tmp_path: Path
) -> None:
    """A hostile command kills the watch in its container, and so outlives its worker."""
    settings = engine.settings(tmp_path / "data")
    script = HOLD + "hold; " + _KILL_THE_WATCH + "echo up; sleep 1000"
    with start_worker(settings, tmp_path, script) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"up\n"
        worker.kill()
    assert not is_free(tmp_path)
    make_executor(settings).sweep(lambda labels: not labels.items() >= LABELS.items())
    assert is_free(tmp_path)
    assert client.containers(all=True) == []


def test_instances_have_names_that_stay(tmp_path: Path) -> None:
    names = [instance_of(tmp_path / "a"), instance_of(tmp_path / "a"), instance_of(tmp_path / "b")]
    assert names[0] == names[1] != names[2]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["instance"]
