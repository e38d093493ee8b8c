"""Running a command in a test."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.executors.base import Command, Executor, Exit, Limits

#: A shell's beginning: `hold` keeps the file 'lock' locked for as long as the process lives.
HOLD = "hold() { exec 9>lock; flock 9; }; "

_OWN = ("env", "mounts", "start_in", "labels", "tools")


class Run:
    """A command's end and output; `stop` is set as soon as the output holds `stop_at`."""

    def __init__(self, executor: Executor, folder: Path, script: str, **given: Any) -> None:
        self._pieces: list[bytes] = []
        self._stop_at: bytes | None = given.pop("stop_at", None)
        self._stop = threading.Event()
        command = make_command(folder, ("sh", "-c", script), **given)
        self.end: Exit = executor.run(command, self._take, self._stop)

    def _take(self, piece: bytes) -> None:
        self._pieces.append(piece)
        if self._stop_at and self._stop_at in b"".join(self._pieces):
            self._stop.set()

    @property
    def output(self) -> str:
        return b"".join(self._pieces).decode()


def make_command(folder: Path, argv: tuple[str, ...], **given: Any) -> Command:
    own: dict[str, Any] = {name: given.pop(name) for name in _OWN if name in given}
    limits = Limits(**({"wall_seconds": 60, "grace_seconds": 1} | given))
    return Command(argv, folder, limits=limits, **({"env": {}} | own))


def is_free(folder: Path) -> bool:
    """Whether no process holds the lock any more; False also if none ever did."""
    with (folder / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def wait_until_free(folder: Path) -> None:
    with (folder / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


def run(
    executor: Executor, command: Command, sink: Callable[[bytes], None] = lambda _: None
) -> Exit:
    return executor.run(command, sink, threading.Event())


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables that give another process these settings."""
    images = " ".join(f"{name}={image}" for name, image in settings.docker_images.items())
    volumes = " ".join(f"{volume}:{folder}" for volume, folder in settings.docker_volumes)
    return {
        "A6HUB_EXECUTOR": settings.executor,
        "A6HUB_TRUSTED": "1",
        "A6HUB_DATA_DIR": str(settings.data_dir),
        "A6HUB_DOCKER_HOST": settings.docker_host,
        "A6HUB_DOCKER_IMAGES": images,
        "A6HUB_DOCKER_VOLUMES": volumes,
    }


#: The labels of the commands of start_worker().
LABELS = {"a6hub.job": "7", "a6hub.attempt": "2"}
WORKER = f"""
import sys
from pathlib import Path
from app.executors.registry import make_executor
from app.core.settings import Settings
from tests.executors.runs import Run

class Talking(Run):
    def _take(self, piece):
        print(piece.decode(), end="", flush=True)
done = Talking(make_executor(Settings()), Path(sys.argv[1]), sys.argv[2], labels={LABELS})
print(done.end.message)
"""


def start_worker(settings: Settings, folder: Path, script: str) -> subprocess.Popen[bytes]:
    """Start a process that runs a command, and prints its output and then how it ended."""
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), script],
        stdout=subprocess.PIPE,
        env=os.environ | environment(settings),
    )
