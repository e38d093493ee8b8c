"""The demo's own stack: on a temporary data folder, gone at the end."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.cli.running import find
from app.cli.stack import BACKEND, PLACES
from app.core.processes import die_with_parent


class NotStartedError(Exception):
    """The stack did not start; the text says why."""


class DemoStack:
    """A stack that is starting, or runs."""

    def __init__(self, data: Path, process: "subprocess.Popen[bytes]") -> None:
        self.data = data
        self.process = process

    def wait(self) -> dict[str, Any]:
        """Return the stack's description once it takes requests."""
        while not (description := find(self.data)) or not description["ready"]:
            if self.process.poll() is not None:
                words = (self.data / "supervisor.log").read_text(errors="replace")
                raise NotStartedError(f"The stack did not start.\n{words}")
            time.sleep(0.05)
        return description

    def keep_logs(self, folder: Path) -> Path:
        """Copy the logs to where they survive, and return where."""
        target = folder / "logs"
        shutil.copytree(self.data / "logs", target, dirs_exist_ok=True)
        shutil.copy(self.data / "supervisor.log", target)
        return target


@contextmanager
def demo_stack(keep: bool) -> Iterator[DemoStack]:
    """Start a stack; stop it and remove its data at the end, or at Ctrl-C, unless `keep`."""
    data = Path(tempfile.mkdtemp(prefix="a6hub-demo-"))
    # A worker that is root runs jobs as somebody else, who must be able to get there.
    data.chmod(0o711)
    process = _start(data, keep)
    interrupted = True
    try:
        yield DemoStack(data, process)
        interrupted = False
    finally:
        if not keep or interrupted:
            process.terminate()
            process.wait()
            shutil.rmtree(data, ignore_errors=True)


def _start(data: Path, keep: bool) -> "subprocess.Popen[bytes]":
    parent = os.getpid()

    def tie() -> None:
        """End with the demo, however it ends."""
        die_with_parent(signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "up", "--data", str(data)],
        cwd=BACKEND,
        # They would lead the demo to somebody else's data.
        env={**os.environ, **dict.fromkeys(PLACES, "")},
        stderr=(data / "supervisor.log").open("wb"),
        start_new_session=True,
        preexec_fn=None if keep else tie,  # noqa: PLW1509 - one thread so far
    )
