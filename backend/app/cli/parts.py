"""The processes of a stack: how each is called, and how one sees that it is ready."""

import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

from app.cli.healthy import is_healthy
from app.cli.stack import Stack

#: How long Redis may take to answer when it is asked whether it is ready, in seconds.
_ANSWER_SECONDS = 2.0
#: Neighbours are not asked for at the start, which takes a second: what was cancelled and who works
#: on what is in the database.
WORKER_OPTIONS = [
    "--queues=build,simulation",
    "--concurrency=2",
    "-E",
    "--loglevel=info",
    "--without-mingle",
]
_REDIS_CONFIG = """\
bind 127.0.0.1
port {port}
dir {folder}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
"""


@dataclass(frozen=True)
class Part:
    """A process of the stack."""

    name: str
    argv: list[str]
    is_ready: Callable[[], bool]


def redis(stack: Stack) -> Part:
    """Return the broker: an append-only file, and nothing is ever thrown away for lack of room."""
    config = stack.data / "secrets" / "redis.conf"
    config.touch(mode=0o600)
    folder = stack.data / "redis"
    text = _REDIS_CONFIG.format(
        port=stack.ports.redis, folder=_quoted(str(folder)), password=stack.redis_password
    )
    config.write_text(text)
    program = shutil.which("redis-server") or "redis-server"
    ready = f"AUTH {stack.redis_password}\r\nPING\r\n".encode()
    return Part("redis", [program, str(config)], lambda: _redis_answers(stack.ports.redis, ready))


def api(stack: Stack) -> Part:
    """Return the API and the pages."""
    address = ["--host", "127.0.0.1", "--port", str(stack.ports.api)]
    # People who follow a log never hang up by themselves.
    options = ["--no-access-log", "--timeout-graceful-shutdown", "2"]
    argv = [sys.executable, "-m", "uvicorn", "main:app", *address, *options]
    return Part("api", argv, lambda: is_healthy(f"{stack.url}/health/ready"))


def worker(stack: Stack) -> Part:
    """Return the worker on both queues."""
    log = stack.log("worker")
    command = [*_celery(), "worker", *WORKER_OPTIONS]
    return Part("worker", command, lambda: b" ready." in log.read_bytes())


def flower(stack: Stack) -> Part:
    """Return Flower, with a password."""
    address = ["--address=127.0.0.1", f"--port={stack.ports.flower}"]
    argv = [*_celery(), "flower", *address]
    return Part("flower", argv, lambda: is_healthy(f"{stack.flower_url}/healthcheck"))


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "app.workers.celery_app"]


def _quoted(text: str) -> str:
    """Return `text` as a word of Redis's configuration."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _redis_answers(port: int, question: bytes) -> bool:
    """Return whether Redis says PONG; it says LOADING while it reads its file."""
    try:
        with socket.create_connection(("127.0.0.1", port), _ANSWER_SECONDS) as connection:
            connection.sendall(question)
            answer = b""
            while answer.count(b"\r\n") < 2 and (piece := connection.recv(512)):
                answer += piece
    except OSError:
        return False
    return b"+PONG" in answer
