"""The offline flow in a container, from an image that is made of what this machine has.

All that need this image are here, as it takes a minute to make: a file's tests are of one process.
"""

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.executors.base import Executor
from app.executors.docker.engine import Engine
from app.executors.docker.filter.server import FilterServer
from app.executors.docker.filter.settings import make_allowed
from app.executors.registry import make_executor
from app.jobs.context import Context
from app.jobs.offers import offered
from app.toolchains.base import ToolResult
from app.toolchains.librelane.catalog import load_catalog
from app.toolchains.librelane.installation import find_installation
from app.toolchains.librelane.toolchain import LibreLane
from tests.executors.engine import RunningEngine
from tests.flow import flow_environment
from tests.flow_image import FlowImage
from tests.jobs.factories import attempts_of, job_of
from tests.system.builds import CONFIG, TOP, await_end, kill_in_step, result_of
from tests.system.lab import FAST, Lab
from tests.system.workers import wait_until, worker
from tests.toolchains.jobs import run_job

pytestmark = [pytest.mark.slow, pytest.mark.flow, pytest.mark.timeout(900)]

DESIGNS = Path(__file__).parents[4] / "offline_flow" / "designs"
SECONDS = 400
#: Steps to be killed in: synthesis, routing, the layout.
STEPS = (6, 14, 17)


@pytest.fixture
def engine(flow_image: FlowImage) -> RunningEngine:
    return flow_image.engine


@pytest.fixture
def image(flow_image: FlowImage) -> str:
    """The image's digest."""
    return flow_image.digest


@pytest.fixture
def settings(
    engine: RunningEngine, image: str, flow: Settings, tmp_path: Path
) -> Iterator[Settings]:
    """A worker that has a PDK, and an image on an engine that it reaches through the filter."""
    assert flow.pdk_root is not None
    settings = Settings(
        executor="docker",
        docker_host=f"unix://{engine.folder}/filter",
        docker_images={"default": image},
        docker_shown=(flow.pdk_root,),
        pdk_root=flow.pdk_root,
        data_dir=tmp_path / "data",
    )
    with Engine(engine.host) as known:
        allowed = make_allowed(settings, known, "61000:61000")
    with FilterServer(engine.folder / "filter", engine.folder / "sock", allowed) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield settings
        server.shutdown()
        thread.join()
    (engine.folder / "filter").unlink()


def _build(settings: Settings, executor: Executor, workdir: Path, design: str) -> ToolResult:
    shutil.copytree(DESIGNS / design, workdir / "source")
    return run_job(LibreLane(settings), executor, workdir, {}, SECONDS)[0]


def _lasting(metrics: Mapping[str, Any]) -> dict[str, str]:
    """The metrics as text: NaN is equal to NaN."""
    return {name: repr(value) for name, value in metrics.items()}


def test_same_result_in_an_image_as_without(
    settings: Settings, image: str, flow: Settings, confined: Executor, tmp_path: Path
) -> None:
    in_image, native = settings.work_dir / "1-1" / "job", tmp_path / "job"
    inside = _build(settings, make_executor(settings), in_image, "multiplier")
    outside = _build(flow, confined, native, "multiplier")
    assert (inside.verdict, inside.message) == ("clean", outside.message)
    assert _lasting(inside.metrics) == _lasting(outside.metrics)
    assert _layout(in_image) == _layout(native)
    assert inside.details["installation"] == {"image": image}
    assert inside.details["pdk"] == outside.details["pdk"]
    assert inside.details["versions"] == outside.details["versions"]
    assert {"librelane", "opensta", "klayout", "pyosys"} <= set(inside.details["versions"])


def _layout(workdir: Path) -> list[bytes]:
    """The final GDSII, if there is one."""
    return [path.read_bytes() for path in workdir.glob("run/build/final/gds/*.gds")]


def test_what_a_job_sees_of_the_worker(settings: Settings, tmp_path: Path) -> None:
    """The PDK alone, which it cannot write to."""
    shutil.copytree(DESIGNS / "counter", tmp_path / "job" / "source")
    toolchain = LibreLane(settings)
    config = toolchain.validate({}, ["config.json", "counter.v"])
    [command] = toolchain.prepare(config, tmp_path / "job").commands
    assert settings.pdk_root is not None
    [mount] = command.mounts
    assert mount.source == settings.pdk_root.resolve() / "sky130A"
    assert not mount.writable
    assert "librelane" in command.argv


def test_catalog_of_the_librelane_in_the_image(
    settings: Settings, engine: RunningEngine, image: str, flow: Settings
) -> None:
    inside, outside = (find_installation(one).catalog_text() for one in (settings, flow))
    assert load_catalog(inside) == load_catalog(outside)
    assert not [path for path in settings.work_dir.iterdir() if path.is_dir()]
    with closing(engine.client()) as client:
        assert client.containers(all=True) == []


@pytest.mark.system
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_build_in_containers_is_gone_on_with_in_others(
    redis_context: Context, tmp_path: Path, flow_image: FlowImage
) -> None:
    """By a worker that has no LibreLane of its own."""
    lab = Lab(redis_context)
    environment = {
        **FAST,
        "A6HUB_EXECUTOR": "docker",
        "A6HUB_DOCKER_HOST": flow_image.engine.host,
        "A6HUB_DOCKER_IMAGES": f"default={flow_image.digest}",
        "A6HUB_PDK_ROOT": flow_environment()["A6HUB_PDK_ROOT"],
        "A6HUB_FLOW_PYTHON": "",
        "MAX_ATTEMPTS": "10",
    }
    with worker(redis_context.settings, tmp_path / "log", **environment) as running:
        whole = lab.build(TOP, **CONFIG)
        await_end(lab, whole)
        killed = lab.build(TOP, **CONFIG)
        for ordinal in STEPS:
            kill_in_step(lab, killed, ordinal, running)
        await_end(lab, killed)
        wait_until(lambda: _containers(flow_image) == [], "no container is left")
    assert lab.outcomes(killed) == ["lost"] * len(STEPS) + ["completed"]
    assert result_of(lab, killed) == result_of(lab, whole)
    details = job_of(lab.database, whole).details
    assert details["installation"] == {"image": flow_image.digest}
    words = f"image {flow_image.digest}, sky130A {details['pdk']['version']}"
    assert {attempt.tools for attempt in attempts_of(lab.database, killed)} == {words}
    [offer] = offered(lab.context)
    assert offer.offer.librelane == details["versions"]["librelane"]


def _containers(image: FlowImage) -> list[object]:
    with closing(image.engine.client()) as client:
        return list(client.containers(all=True))
