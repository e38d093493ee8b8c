"""`./a6hub demo`, whole and interrupted."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.demo_report import GDSII_HEADER, PNG_HEADER
from app.cli.stack import BACKEND
from tests.system.workers import wait_until

#: Where the build flow is; read here, before the tests' own settings take the place of these.
_FLOW = {name: os.environ.get(name, "") for name in ("A6HUB_FLOW_PYTHON", "A6HUB_PDK_ROOT")}
pytestmark = pytest.mark.system


def start(folder: Path) -> "subprocess.Popen[str]":
    """Start the demo; all that it leaves lies in `folder`."""
    (folder / "tmp").mkdir(mode=0o711)
    # As from a terminal: a shell has what it runs in the background, such as all the tests, ignore
    # SIGINT, and the demo would inherit that.
    heeding = ["env", "--default-signal=INT"]
    return subprocess.Popen(
        [*heeding, sys.executable, "-m", "app.cli", "demo"],
        cwd=BACKEND,
        env={**os.environ, **_FLOW, "A6HUB_HOME": str(folder), "TMPDIR": str(folder / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_of(folder: Path) -> list[int]:
    """Return the processes that have `folder` in their arguments or their environment."""
    word, found = str(folder).encode(), []
    for entry in Path("/proc").iterdir():
        try:
            about = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:  # not a process, or it has just ended
            continue
        if word in about:
            found.append(int(entry.name))
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the jobs' own user can reach, as it could the demo's real one."""
    with tempfile.TemporaryDirectory(prefix="a6hub-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.flow
@pytest.mark.skipif(not all(_FLOW.values()), reason="there is no build flow: see ./a6hub test")
def test_the_demo_makes_a_chip(folder: Path) -> None:
    words = start(folder).communicate()[0]
    assert "everything is there" in words
    for part in ("8 rounds, 0 errors", "DRC errors", "LVS errors", "Detailed Routing"):
        assert part in words
    results = folder / "demo"
    assert (results / "build/final/gds/spm.gds").read_bytes().startswith(GDSII_HEADER)
    assert (results / "build/final/render/spm.png").read_bytes().startswith(PNG_HEADER)
    assert "$enddefinitions" in (results / "simulation/spm.vcd").read_text()
    assert not list((folder / "tmp").iterdir())
    wait_until(lambda: not processes_of(folder), "all processes have ended")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_demo_leaves_nothing(folder: Path, number: signal.Signals) -> None:
    process = start(folder)
    assert process.stdout is not None
    for line in process.stdout:  # until the jobs are about to be submitted
        if line.startswith("uploaded"):
            break
    process.send_signal(number)
    process.communicate()
    assert process.returncode not in (0, None)
    wait_until(lambda: not processes_of(folder), "all processes have ended")
    if number is not signal.SIGKILL:  # which leaves it no time to remove its data
        assert not list((folder / "tmp").iterdir())
