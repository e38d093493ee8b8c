"""Each example design, built once for all tests."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from flow_run import FlowRun, run_flow

Builds = Callable[[str], FlowRun]


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """Return a folder that other users may enter; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="offline-flow-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def pdk_root(open_folder: Path) -> Path:
    """A new PDK."""
    root = open_folder / "pdk"
    subprocess.run([sys.executable, "-m", "librelane_plugin_offline.pdk", root], check=True)
    return root


@pytest.fixture(scope="session")
def builds(open_folder: Path, pdk_root: Path) -> Builds:
    """Return the run of a design by its name, whatever it came to."""
    return cache(lambda name: run_flow(open_folder / name, name, pdk_root))
