import os
from pathlib import Path

import pytest

from app.core.settings import Settings
from tests.toolchains.librelane.rundirs import RunDirectory

#: Where the build flow is; read here, before the tests' own settings take the place of these.
_PYTHON, _PDK_ROOT = (os.environ.get(f"A6HUB_{name}") for name in ("FLOW_PYTHON", "PDK_ROOT"))


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path / "job" / "run" / "build")


@pytest.fixture(scope="session")
def flow() -> Settings:
    """Settings with the real build flow, which `./a6hub test` sets up."""
    if not (_PYTHON and _PDK_ROOT) and not os.environ.get("CI"):
        pytest.skip("there is no build flow: see ./a6hub test")
    return Settings(flow_python=Path(_PYTHON or ""), pdk_root=Path(_PDK_ROOT or ""))
