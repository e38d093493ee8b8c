"""A whole a6hub on loopback, on one machine as if on several, whose parts can be killed one by one.

Redis, a database, two APIs, and two hosts with a worker each. The hosts share nothing but the
database, the store and Redis: each has a data folder of its own.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx2

from app.accounts.users import ensure_admin
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from tests.servers import PostgreSQL, RedisServer, free_port, retry
from tests.system.workers import BACKEND, children_of

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

    def family(self) -> list[int]:
        """Return its process id and those of its children, not those of the tools that they run."""
        return [self.pid, *children_of(self.pid)] if self.pid else []

    def signal(self, number: signal.Signals, *pids: int) -> None:
        """Send a signal to processes of it; to none that has ended."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def wait(self) -> None:
        """Return when it has ended."""
        if self._process is not None:
            self._process.wait(END_SECONDS)


class Site:
    """The parts, on a folder that everybody may enter."""

    def __init__(self, folder: Path, database: str) -> None:
        self.folder = folder
        for name in ("redis", "store", "host-1", "host-2"):
            (folder / name).mkdir(mode=0o711)
        self.redis = RedisServer(folder / "redis", durable=True)
        self.postgresql = PostgreSQL(folder / "pg") if database == "postgresql" else None
        self._start_servers()
        self.settings = Settings(
            data_dir=folder,
            database_url=self._database_url(),
            celery_broker_url=self.redis.url,
            store_url=f"file://{folder}/store",
        )
        ports = (free_port(), free_port())
        self.urls = [f"http://127.0.0.1:{port}" for port in ports]
        self.apis = [self._api(number, port) for number, port in enumerate(ports, start=1)]
        self.workers = [self._worker(number) for number in (1, 2)]

    @property
    def work_dirs(self) -> list[Path]:
        """Where the hosts keep the folders of running attempts."""
        return [self.folder / f"host-{number}" / "work" for number in (1, 2)]

    def start(self) -> None:
        """Make the database and start all parts; return when the APIs answer."""
        upgrade(self.settings)
        database = Database(self.settings.database)
        for name in USERS:
            ensure_admin(database, name, PASSWORD)
        database.close()
        for part in (*self.apis, *self.workers):
            part.start()
        for url in self.urls:
            retry(partial(_ask, url), httpx2.TransportError, "the API does not answer")

    def stop(self) -> None:
        """Stop all parts, whatever state they are in."""
        for part in (*self.workers, *self.apis):
            part.signal(signal.SIGCONT, *part.family())
            part.signal(signal.SIGTERM, part.pid) if part.pid else None
        for part in (*self.workers, *self.apis):
            part.wait()
        self.redis.stop()
        if self.postgresql is not None:
            self.postgresql.stop()

    def _start_servers(self) -> None:
        self.redis.start()
        if self.postgresql is not None:
            self.postgresql.start()
            self.postgresql.execute("CREATE DATABASE a6hub")

    def _database_url(self) -> str:
        if self.postgresql is not None:
            return self.postgresql.at("a6hub")
        return f"sqlite:///{self.folder}/a6hub.sqlite3"

    def _environment(self, data: Path) -> dict[str, str]:
        return {
            **os.environ,
            **TIMES,
            "A6HUB_DATA_DIR": str(data),
            "A6HUB_DATABASE_URL": self.settings.database,
            "A6HUB_STORE_URL": self.settings.store,
            "CELERY_BROKER_URL": self.redis.url,
        }

    def _api(self, number: int, port: int) -> Part:
        argv = ["uvicorn", "main:app", "--host", "127.0.0.1", "--port", str(port)]
        argv += ["--no-access-log", "--timeout-graceful-shutdown", "2"]
        name = f"api-{number}"
        return Part(name, argv, self._environment(self.folder), self.folder / f"{name}.log")

    def _worker(self, number: int) -> Part:
        name = f"host-{number}"
        argv = ["celery", "-A", "app.workers.celery_app", "worker", f"--hostname=w@{name}"]
        argv += ["--queues=build,simulation", "--concurrency=2", "--without-mingle"]
        return Part(name, argv, self._environment(self.folder / name), self.folder / f"{name}.log")


def _ask(url: str) -> None:
    httpx2.get(f"{url}/health/live", trust_env=False)
