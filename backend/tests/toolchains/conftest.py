import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.executors.base import Executor
from app.executors.bubblewrap import BubblewrapExecutor
from app.executors.process import ProcessExecutor
from tests.flow import flow_settings

#: Makes a job's folder with these files in source/.
MakeWorkdir = Callable[[dict[str, str]], Path]


@pytest.fixture(scope="session")
def executor() -> Executor:
    """The confined executor where it works; the tools do the same in either."""
    confined = BubblewrapExecutor()
    return confined if confined.check() is None or os.environ.get("CI") else ProcessExecutor()


@pytest.fixture(scope="session")
def confined() -> Executor:
    """The confined executor; in CI it has to work."""
    sandbox = BubblewrapExecutor()
    trouble = sandbox.check()
    if trouble and not os.environ.get("CI"):
        pytest.skip(trouble)
    return sandbox


@pytest.fixture
def host_folder() -> Iterator[Path]:
    """A folder of the host that every user of it may read and write."""
    with tempfile.TemporaryDirectory(prefix="a6hub-test-", dir="/var/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def make_workdir(tmp_path: Path) -> MakeWorkdir:
    def make(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "job" / "source" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "job"

    return make


@pytest.fixture(scope="session")
def iverilog() -> None:
    if shutil.which("iverilog") is None and not os.environ.get("CI"):
        pytest.skip("Icarus Verilog is not installed: apt-get install iverilog")


@pytest.fixture(scope="session")
def flow() -> Settings:
    """Settings with the real build flow."""
    return flow_settings()
