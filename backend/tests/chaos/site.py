"""A whole a6hub on loopback, on one machine as if on several, whose parts can be killed one by one.

Servers (`servers.py`), two APIs, and hosts with a worker each. The hosts share nothing but the
database, the store and Redis: each has a data folder of its own.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from app.accounts.users import ensure_admin
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from tests.chaos.servers import KINDS, Servers
from tests.servers import PLAIN, START_SECONDS, free_port, retry
from tests.system.workers import BACKEND, children_of, wait_until

#: The users, and the password of each.
USERS = ("user-0", "user-1", "user-2")
PASSWORD = "all users' password"
#: Short, so that much happens in little time; `doctor` and the docs speak of the real ones.
TIMES = {
    "A6HUB_LEASE_SECONDS": "6",
    "A6HUB_HEARTBEAT_SECONDS": "2",
    "A6HUB_UPKEEP_SECONDS": "0.5",
    "WORKER_SHUTDOWN_GRACE_SECONDS": "1",
}
#: How long a part may take to end by itself, in seconds.
END_SECONDS = 60.0
#: How much of the log of a part that does not end is shown.
LOG_CHARS = 20_000


class Part:
    """A process of the site. It is killed with whoever started it."""

    def __init__(self, name: str, argv: Sequence[str], env: dict[str, str], log: Path) -> None:
        self.name = name
        self._argv = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", *argv]
        self._env = env
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; 0 while it is dead."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def start(self) -> None:
        """Start it, and do not wait for it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv, cwd=BACKEND, env=self._env, stdout=log, stderr=log
            )

    def is_ready_worker(self) -> bool:
        """Return whether it is a worker that has begun to take jobs."""
        return b" ready." in self._log.read_bytes()

    def family(self) -> list[int]:
        """Return its process id and those of its children, not those of the tools that they run."""
        return [self.pid, *children_of(self.pid)] if self.pid else []

    def signal(self, number: signal.Signals, *pids: int) -> None:
        """Send a signal to processes of it; to none that has ended."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait(self, seconds: float = END_SECONDS) -> None:
        """Return when it has ended; AssertionError, with what it was at, if it has to be made to.

        Its processes write where each of their threads is into its log as they get SIGABRT.
        """
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGABRT, *reversed(self.family()))
            self._process.wait()
            text = self._log.read_text(errors="replace")
            raise AssertionError(f"{self.name} does not end:\n{text[-LOG_CHARS:]}") from None


class Site:
    """The parts, above servers that run, on a folder that everybody may enter."""

    def __init__(self, folder: Path, servers: Servers) -> None:
        self.folder = folder
        self.servers = servers
        known: dict[str, Any] = servers.environment
        secrets = known.get("SECRETS_DIR")
        self.settings = Settings(data_dir=folder, _secrets_dir=secrets, **known)
        self.hosts = [folder / f"host-{number}" for number in range(1, servers.hosts + 1)]
        for host in self.hosts:
            host.mkdir(mode=0o711)
        ports = (free_port(), free_port())
        self.urls = [f"http://127.0.0.1:{port}" for port in ports]
        self.apis = [self._api(number, port) for number, port in enumerate(ports, start=1)]
        self.workers = [self._worker(host) for host in self.hosts]

    @property
    def work_dirs(self) -> list[Path]:
        """Where the hosts keep the folders of running attempts."""
        return [host / "work" for host in self.hosts]

    def start(self) -> None:
        """Make the database and start all parts; return when they are ready."""
        upgrade(self.settings)
        database = Database(self.settings.database)
        for name in USERS:
            ensure_admin(database, name, PASSWORD)
        database.close()
        for part in self.apis:
            part.start()
        for url in self.urls:
            retry(partial(_ask, url), httpx2.TransportError, "the API does not answer")
        for part in self.workers:
            part.start()
        for part in self.workers:
            wait_until(part.is_ready_worker, f"{part.name} takes jobs", START_SECONDS)

    def stop(self) -> None:
        """Stop all parts, whatever state they are in."""
        with ExitStack() as stack:  # each is waited for, also after one that does not end
            for part in (*self.workers, *self.apis):
                stack.callback(part.wait)
                part.signal(signal.SIGCONT, *part.family())
                part.signal(signal.SIGTERM, part.pid) if part.pid else None

    def _environment(self, data: Path) -> dict[str, str]:
        return {
            **os.environ,
            **TIMES,
            **self.servers.environment,
            "A6HUB_DATA_DIR": str(data),
            "TMPDIR": str(data),  # where a worker that is killed leaves a folder
            "PYTHONFAULTHANDLER": "1",  # see Part.wait
        }

    def _api(self, number: int, port: int) -> Part:
        argv = ["uvicorn", "main:app", "--host", "127.0.0.1", "--port", str(port)]
        argv += ["--no-access-log", "--timeout-graceful-shutdown", "2"]
        name = f"api-{number}"
        return Part(name, argv, self._environment(self.folder), self.folder / f"{name}.log")

    def _worker(self, host: Path) -> Part:
        argv = ["celery", "-A", "app.workers.celery_app", "worker", f"--hostname=w@{host.name}"]
        argv += ["--queues=build,simulation", "--concurrency=2", "--without-mingle"]
        return Part(host.name, argv, self._environment(host), self.folder / f"{host.name}.log")


@contextmanager
def running_site(folder: Path, kind: str) -> Iterator[Site]:
    """Run a site of one of KINDS until the end of the block."""
    with ExitStack() as stack:
        site = Site(folder, KINDS[kind](folder, stack))
        stack.callback(site.stop)
        site.start()
        yield site


def _ask(url: str) -> None:
    httpx2.get(f"{url}/health/live", trust_env=False, verify=PLAIN)
