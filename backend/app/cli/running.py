"""Finding the stack that runs on a data folder, and keeping a second one off it."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from app.cli.stack import description_file
from app.core.locks import is_locked

#: How long what a killed supervisor has left has to end by itself, in seconds.
LEFTOVER_SECONDS = 10.0


class AlreadyRunningError(Exception):
    """A supervisor has this data folder."""


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder, also against what a killed supervisor has left running on it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(f"A stack runs on {data} already.") from None
        _end_leftovers(data)
        try:
            yield
        finally:
            description_file(data).unlink(missing_ok=True)


def find(data: Path) -> dict[str, Any] | None:
    """Return the description of the stack that runs on `data`, or None."""
    if not is_held(data):
        return None
    return _description(data)


def is_held(data: Path) -> bool:
    """Return whether a supervisor has this data folder now."""
    return is_locked(data / "lock")


def _description(data: Path) -> dict[str, Any] | None:
    try:
        description: dict[str, Any] = json.loads(description_file(data).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return description


def _end_leftovers(data: Path) -> None:
    """End the parts of a stack whose supervisor was killed: two Redis must not share a folder.

    The kernel has told them to end when the supervisor died; here they are waited for.
    """
    description = _description(data) or {"pids": {}}
    left = [pid for pid in description["pids"].values() if _works_on(pid, data)]
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while left := [pid for pid in left if _works_on(pid, data)]:
        if time.monotonic() > deadline:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _works_on(pid: int, data: Path) -> bool:
    """Return whether the process lives and belongs to a stack on `data`, not to somebody else."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return f"A6HUB_DATA_DIR={data}".encode() in environment.split(b"\0")
