import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.executors import bubblewrap, process
from app.executors.base import Executor
from app.executors.bubblewrap import BubblewrapExecutor
from app.executors.cgroups import Group
from app.executors.registry import make_executor
from tests.executors.engine import NoEngineError, RunningEngine, running_engine
from tests.executors.image import make_image


@pytest.fixture(scope="session")
def why_no_bubblewrap() -> str | None:
    """Why sandboxes cannot be made here; in CI that is a failure, not a reason to skip."""
    return BubblewrapExecutor().check()


@pytest.fixture
def sandbox(why_no_bubblewrap: str | None) -> BubblewrapExecutor:
    if why_no_bubblewrap and not os.environ.get("CI"):
        pytest.skip(why_no_bubblewrap)
    return BubblewrapExecutor()


@dataclass(frozen=True)
class EngineWithImage:
    """A container engine of the tests' own, and the digest of an image that it holds."""

    engine: RunningEngine
    image: str

    def settings(self, data_dir: Path, **given: Any) -> Settings:
        own = {"docker_host": self.engine.host, "docker_images": {"default": self.image}}
        return Settings(executor="docker", data_dir=data_dir, **(own | given))


@pytest.fixture(scope="session")
def engine_or_why() -> Iterator[EngineWithImage | str]:
    """An engine, or why there is none."""
    with ExitStack() as stack:
        try:
            engine = stack.enter_context(running_engine())
        except NoEngineError as error:
            yield str(error)
            return
        with closing(engine.client()) as client:
            image = make_image(client)
        yield EngineWithImage(engine, image)


@pytest.fixture
def engine(engine_or_why: EngineWithImage | str) -> EngineWithImage:
    """An engine; where there can be none, CI fails and others skip."""
    if isinstance(engine_or_why, str):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(engine_or_why)
    return engine_or_why


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the executor that `request.param` names."""
    data = tmp_path_factory.mktemp("data")
    if request.param == "docker":
        engine: EngineWithImage = request.getfixturevalue("engine")
        return engine.settings(data)
    if request.param == "bubblewrap":
        request.getfixturevalue("sandbox")
    return Settings(executor=request.param, trusted=True, data_dir=data)


@pytest.fixture
def _polled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have memory and processes limited by polling, as where there are no control groups."""
    if request.param:
        for module in (process, bubblewrap):
            monkeypatch.setattr(module, "make_group", lambda _limits: Group())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test with every executor that it is for.

    Tests that ask for `executor` are for all, `confined` for those that confine, and `limited` for
    all in both ways to limit memory and processes, where there are two.
    """
    if "settings" not in metafunc.fixturenames:
        return
    names = ["process", "bubblewrap", "docker"]
    if "limited" in metafunc.fixturenames:
        both = [(name, False) for name in names] + [(name, True) for name in names[:2]]
        ids = [name + " by polling" * polled for name, polled in both]
        metafunc.parametrize(("settings", "_polled"), both, indirect=True, ids=ids)
    elif "confined" in metafunc.fixturenames:
        metafunc.parametrize("settings", names[1:], indirect=True)
    elif "executor" in metafunc.fixturenames:
        metafunc.parametrize("settings", names, indirect=True)


@pytest.fixture
def executor(settings: Settings) -> Executor:
    return make_executor(settings)


@pytest.fixture
def confined(settings: Settings) -> Executor:
    return make_executor(settings)


@pytest.fixture
def limited(settings: Settings, _polled: None) -> Executor:
    return make_executor(settings)
