"""The recording to play: a real run of LibreLane's Classic, or one made of its steps."""

import os
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.toolchains.librelane.installation import find_installation
from tests.replay.installation import Replay, make_recording, unpack_recording

#: Read here, before the tests' own settings take the place of these.
_NAMES = ("LIBRELANE_RUNS", "FLOW_PYTHON")
_RUNS, _PYTHON = (os.environ.get(f"A6HUB_{name}") for name in _NAMES)
_REAL = "tt_4bit_alu__ll303_ok"


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    if _RUNS:
        return unpack_recording(Path(_RUNS), _REAL, folder)
    if not _PYTHON and not os.environ.get("CI"):
        pytest.skip("neither A6HUB_LIBRELANE_RUNS nor a build flow is here: see ./a6hub test")
    installed = find_installation(Settings(flow_python=Path(_PYTHON or "")))
    flow = installed.catalog().flow("Classic")
    assert flow is not None
    return make_recording(flow, folder / "classic")


@pytest.fixture
def replay(tmp_path: Path, recording: Path) -> Replay:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)  # jobs run as another user
    return Replay(tmp_path / "librelane", recording)
