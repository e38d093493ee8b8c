"""Workers in containers: where the engine finds what they see."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from pydantic import ValidationError

import app
from app.core.settings import Settings
from app.executors.base import Mount, Outcome
from app.executors.docker.places import UnfitError, engine_path
from app.executors.registry import make_executor
from tests.executors.conftest import EngineWithImage
from tests.executors.runs import WORKER, environment, make_command, run

#: A job's folder, in a volume that is /data in the worker's container.
_JOB = "/data/work/7-2/job"


def _refuse(name: str) -> str:
    raise AssertionError(name)


def test_without_volumes_paths_are_the_same() -> None:
    assert engine_path(Path("/a/../b"), (), _refuse) == "/b"


def test_the_innermost_volume_counts() -> None:
    volumes = (("work", Path("/data")), ("pdk", Path("/data/pdk")), ("/srv/x", Path("/x")))
    places = {"work": "/engine/work/_data", "pdk": "/engine/pdk/_data"}
    found = [
        engine_path(Path(path), volumes, places.__getitem__)
        for path in ("/data/work/1-1/job", "/data/pdk/sky130A", "/data", "/x/y")
    ]
    assert found == [
        "/engine/work/_data/work/1-1/job",
        "/engine/pdk/_data/sky130A",
        "/engine/work/_data",
        "/srv/x/y",
    ]


@pytest.mark.parametrize("path", ["/database", "/data/../etc", "/"])
def test_what_lies_in_no_volume_is_not_shown(path: str) -> None:
    with pytest.raises(UnfitError, match="A6HUB_DOCKER_VOLUMES"):
        engine_path(Path(path), (("work", Path("/data")),), _refuse)


@pytest.mark.parametrize("volumes", ["work", "work:data", ":/data", "work:/data:ro"])
def test_volumes_are_written_as_for_docker_run(volumes: str) -> None:
    with pytest.raises(ValidationError, match="is not of the form"):
        Settings(docker_volumes=volumes)


def test_unknown_volume(engine: EngineWithImage, tmp_path: Path) -> None:
    settings = engine.settings(tmp_path, docker_volumes=(("no-such-volume", tmp_path),))
    end = run(make_executor(settings), make_command(tmp_path, ("true",)))
    assert end.outcome is Outcome.NOT_STARTED
    assert "no-such-volume" in end.message


def test_mount_outside_of_the_volumes(engine: EngineWithImage, tmp_path: Path) -> None:
    settings = engine.settings(tmp_path, docker_volumes=((str(tmp_path), tmp_path),))
    executor = make_executor(settings)
    assert run(executor, make_command(tmp_path, ("true",))).ok
    mounts = (Mount(Path("/usr/share"), Path("/opt/share")),)
    end = run(executor, make_command(tmp_path, ("true",), mounts=mounts))
    assert end.outcome is Outcome.NOT_STARTED
    assert "/usr/share lies in no volume" in end.message


@pytest.fixture
def client(engine: EngineWithImage) -> Iterator[docker.APIClient]:
    with closing(engine.engine.client()) as opened:
        yield opened
        opened.remove_volume("data", force=True)


def test_worker_in_a_container(
    engine: EngineWithImage, client: docker.APIClient, tmp_path: Path
) -> None:
    """A worker that has a volume, the engine's socket and this machine's programs; no more."""
    settings = engine.settings(Path("/data"), docker_volumes="data:/data")
    script = "echo from $(id -u) > made; cat made; cat given"
    prepare = f'mkdir -p {_JOB} && echo given > {_JOB}/given && exec "$@"'
    worker = [sys.executable, "-c", WORKER, _JOB, script]
    container = client.create_container(
        engine.image,
        ["sh", "-c", prepare, "-", *worker],
        environment=environment(settings),
        working_dir=str(Path(app.__file__).parents[1]),
        host_config=client.create_host_config(
            network_mode="none", binds=["data:/data", *_programs(engine)]
        ),
    )["Id"]
    try:
        client.start(container)
        status = client.wait(container)["StatusCode"]
        said = client.logs(container).decode()
    finally:
        client.remove_container(container, force=True)
    assert (status, said) == (0, "from 61000\ngiven\n\n")


def _programs(engine: EngineWithImage) -> list[str]:
    """Return binds that show a container this Python, its packages, a6hub and the socket."""
    paths = {"/usr", sys.prefix, sys.base_prefix, str(Path(app.__file__).parents[1])}
    socket = engine.engine.host.removeprefix("unix://")
    return [*(f"{path}:{path}:ro" for path in sorted(paths)), f"{socket}:{socket}"]
