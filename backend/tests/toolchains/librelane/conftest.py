from pathlib import Path

import pytest

from tests.toolchains.librelane.rundirs import RunDirectory


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path / "job" / "run" / "build")
