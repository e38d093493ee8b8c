"""A real container engine of one's own, which needs no network.

It has its own folder and socket, and is ended by its own process id.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

#: How long an engine may take to start, in seconds.
_START_SECONDS = 60
_OPTIONS = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")


class NoEngineError(Exception):
    """No engine can be started on this machine; the text says why."""


@dataclass(frozen=True)
class RunningEngine:
    """An engine that runs: its address, its own folder, its process id."""

    host: str
    folder: Path
    pid: int

    def client(self) -> docker.APIClient:
        """Return a client of one's own; close() it."""
        return docker.APIClient(self.host)


@contextmanager
def running_engine() -> Iterator[RunningEngine]:
    """Run an engine; NoEngineError when there can be none."""
    if os.geteuid() != 0:
        raise NoEngineError("Only root can start a container engine for tests.")
    program = shutil.which("dockerd")
    if program is None:
        raise NoEngineError("dockerd is not installed: apt-get install docker.io")
    # Not below pytest's folder: the path of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="a6hub-engine-"))
    try:
        with _started(program, folder) as engine:
            yield engine
    finally:
        shutil.rmtree(folder)
        _remove_groups(folder.name)


@contextmanager
def _started(program: str, folder: Path) -> Iterator[RunningEngine]:
    host = f"unix://{folder}/sock"
    own: list[str | Path] = [
        "--host",
        host,
        "--data-root",
        folder / "data",
        "--exec-root",
        folder / "exec",
    ]
    own += ["--pidfile", folder / "pid", "--cgroup-parent", f"/{folder.name}"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [program, *own, *_OPTIONS], stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        try:
            _wait_for(process, host, folder / "log")
            yield RunningEngine(host, folder, process.pid)
        finally:
            process.terminate()


def _wait_for(process: subprocess.Popen[bytes], host: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(host):
        if process.poll() is not None or time.monotonic() > deadline:
            last = log.read_text(errors="replace").splitlines()[-3:]
            raise NoEngineError(f"dockerd does not start: {' / '.join(last)}")
        time.sleep(0.02)


def _answers(host: str) -> bool:
    """Return whether the engine is ready: it makes its socket long before."""
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(host.removeprefix("unix://")) != 0:
            return False
    with contextlib.closing(docker.APIClient(host, timeout=_START_SECONDS)) as client:
        return bool(client.ping())


def _remove_groups(name: str) -> None:
    """Remove the control groups that the engine made for its containers and leaves behind."""
    for group in Path("/sys/fs/cgroup").glob(f"*/{name}"):
        group.rmdir()
    with contextlib.suppress(FileNotFoundError):
        Path("/sys/fs/cgroup", name).rmdir()
