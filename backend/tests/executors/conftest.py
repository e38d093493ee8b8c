import os

import pytest

from app.executors import bubblewrap, process
from app.executors.base import Executor
from app.executors.bubblewrap import BubblewrapExecutor
from app.executors.cgroups import Group
from app.executors.process import ProcessExecutor


@pytest.fixture(scope="session")
def why_no_bubblewrap() -> str | None:
    """Why sandboxes cannot be made here; in CI that is a failure, not a reason to skip."""
    return BubblewrapExecutor().check()


@pytest.fixture
def sandbox(why_no_bubblewrap: str | None) -> BubblewrapExecutor:
    if why_no_bubblewrap and not os.environ.get("CI"):
        pytest.skip(why_no_bubblewrap)
    return BubblewrapExecutor()


@pytest.fixture(params=["process", "bubblewrap"])
def executor(request: pytest.FixtureRequest) -> Executor:
    if request.param == "bubblewrap":
        found: Executor = request.getfixturevalue("sandbox")
        return found
    return ProcessExecutor()


@pytest.fixture(params=["control groups, if there are any", "polling"])
def limited_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to limit memory and processes, one after the other."""
    if request.param == "polling":
        for module in (process, bubblewrap):
            monkeypatch.setattr(module, "make_group", lambda _limits: Group())
    return str(request.param)
