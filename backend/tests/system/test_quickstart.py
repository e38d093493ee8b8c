"""docs/quickstart.md, done literally: every command on it but the demo, which has a test of its own."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.docs import SOURCE
from app.cli.stack import BACKEND
from tests.flow import flow_environment
from tests.servers import free_port
from tests.system.workers import wait_until

pytestmark = [pytest.mark.system, pytest.mark.flow, pytest.mark.slow]

_BLOCK = re.compile(r"(?:^    .*\n(?:\n(?=    ))*)+", re.MULTILINE)


def commands(port: int) -> list[str]:
    """Return the page's blocks of commands; the API is at `port` rather than at 8000."""
    text = (SOURCE / "quickstart.md").read_text().replace("8000", str(port))
    return [re.sub("^    ", "", block, flags=re.MULTILINE) for block in _BLOCK.findall(text)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with `./a6hub` as it is after set-up, which jobs' own user can reach."""
    with tempfile.TemporaryDirectory(prefix="a6hub-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "a6hub").write_text(f'#!/bin/sh\nexec {sys.executable} -m app.cli "$@"\n')
        (folder / "a6hub").chmod(0o755)
        yield folder


def environment(folder: Path) -> dict[str, str]:
    own = {"A6HUB_HOME": str(folder / ".a6hub"), "PYTHONPATH": str(BACKEND)}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, **flow_environment(), **own, "PATH": path}


def test_the_quickstart_does_what_it_says(folder: Path) -> None:
    demo, up, status, *rest = commands(free_port())
    assert (demo, status) == ("./a6hub demo\n", "./a6hub status\n")

    def run(script: str) -> "subprocess.CompletedProcess[str]":
        command = ["bash", "-euo", "pipefail", "-c", script]
        return subprocess.run(
            command,
            cwd=folder,
            env=environment(folder),
            capture_output=True,
            text=True,
            check=False,
        )

    log = folder / "up.log"
    with log.open("wb") as output:
        stack = subprocess.Popen(
            up.split(), cwd=folder, env=environment(folder), stdout=output, stderr=output
        )
    try:
        wait_until(lambda: "ready;" in log.read_text() or stack.poll() is not None, "up is ready")
        assert run(status).returncode == 0, log.read_text()
        done = run("\n".join(rest))
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        run("./a6hub down")
        stack.wait(60)
    assert "Finished without violations." in done.stdout
    assert '"name":"counter"' in done.stdout
    assert "counted to 10" in done.stdout
    assert '"verdict":"passed"' in done.stdout
