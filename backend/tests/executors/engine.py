"""A real container engine of one's own, which needs no network.

It has its own folder and socket, and is ended by its own process id.
"""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker

from tests.servers import tied

#: How long an engine may take to start, in seconds.
_START_SECONDS = 120
#: A file system in memory, and how much has to be free: three engines with images take 4 GB.
_MEMORY, _ROOM = Path("/dev/shm"), 10 << 30
_OPTIONS = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")
#: Starts a program in a network of its own, with loopback.
_APART = (
    "unshare",
    "--net",
    sys.executable,
    "-c",
    """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:  # SIOCSIFFLAGS, IFF_UP
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))
os.execv(sys.argv[1], sys.argv[1:])
""",
)


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
def running_engine(*, networks: bool = False) -> Iterator[RunningEngine]:
    """Run an engine; NoEngineError when there can be none.

    With `networks` it can make networks and publish ports, all in a network namespace of its own:
    what is published is on the loopback of that namespace (tests/deploy/inside.py).
    """
    if os.geteuid() != 0:
        raise NoEngineError("Only root can start a container engine for tests.")
    program = shutil.which("dockerd")
    if program is None:
        raise NoEngineError("dockerd is not installed: apt-get install docker.io")
    # Not below pytest's folder: the path of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="a6hub-engine-", dir=_roomy_memory()))
    try:
        how = [*_APART, program] if networks else [program, *_OPTIONS]
        with _started(how, folder) as engine:
            yield engine
    finally:
        shutil.rmtree(folder)
        _remove_groups(folder.name)


def _roomy_memory() -> Path | None:
    """Return where files are in memory, if there is much of that.

    An engine syncs each small file that it writes, for which everybody waits who has a disk in common.
    """
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM:
        return None
    said = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    return _MEMORY if said and int(said[1]) << 10 > _ROOM else None


@contextmanager
def _started(how: list[str], folder: Path) -> Iterator[RunningEngine]:
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
    command = tied(*how, *own, end="TERM")  # it ends its containers
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as process,
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
