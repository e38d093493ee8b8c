"""What a stack on one machine is made of: folders, ports, secrets, and the processes."""

import json
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
import redis

BACKEND = Path(__file__).parents[2]
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


@dataclass(frozen=True)
class Ports:
    """The loopback ports of a stack."""

    redis: int
    api: int
    flower: int


class Stack:
    """A stack's data folder and what follows from it."""

    def __init__(self, data: Path, api_port: int) -> None:
        self.data = data
        for name in ("logs", "run", "redis", "secrets"):
            (data / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        self.ports = Ports(_free_port(), api_port or _free_port(), _free_port())
        self.redis_password = self._secret("redis")
        self.admin_password = self._secret("admin")
        self.flower_password = self._secret("flower")

    @property
    def url(self) -> str:
        """Where the pages and the API are."""
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def flower_url(self) -> str:
        """Where Flower is."""
        return f"http://127.0.0.1:{self.ports.flower}"

    @property
    def redis_url(self) -> str:
        """The broker's address, with its password."""
        return f"redis://:{self.redis_password}@127.0.0.1:{self.ports.redis}/0"

    def environment(self) -> dict[str, str]:
        """Return the settings of the stack's processes."""
        return {
            **os.environ,
            "A6HUB_DATA_DIR": str(self.data),
            "CELERY_BROKER_URL": self.redis_url,
            "CELERY_RESULT_BACKEND": self.redis_url,
            # So that SIGTERM is a soft shutdown, which hands jobs back.
            "REMAP_SIGTERM": "SIGQUIT",
            "FLOWER_BASIC_AUTH": f"admin:{self.flower_password}",
        }

    def parts(self) -> list[list[Part]]:
        """Return the processes in groups: each group waits for the one before it to be ready."""
        return [[self._redis()], [self._api(), self._worker(), self._flower()]]

    def write_description(self, pids: dict[str, int]) -> None:
        """Tell other commands, and people, where everything is."""
        description = {
            "url": self.url,
            "flower": self.flower_url,
            "redis_port": self.ports.redis,
            "admin_password_file": str(self.data / "secrets" / "admin"),
            "flower_password_file": str(self.data / "secrets" / "flower"),
            "logs": str(self.data / "logs"),
            "pids": pids,
        }
        temporary = description_file(self.data).with_suffix(".new")
        temporary.write_text(json.dumps(description, indent=2))
        temporary.replace(description_file(self.data))

    def _secret(self, name: str) -> str:
        """Return the password `name`, made at the first start and readable by this user alone."""
        path = self.data / "secrets" / name
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(18))
        return path.read_text()

    def _redis(self) -> Part:
        config = self.data / "secrets" / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(
            _REDIS_CONFIG.format(
                port=self.ports.redis, folder=self.data / "redis", password=self.redis_password
            )
        )
        program = shutil.which("redis-server") or "redis-server"
        return Part("redis", [program, str(config)], self._redis_answers)

    def _api(self) -> Part:
        address = ["--host", "127.0.0.1", "--port", str(self.ports.api)]
        argv = [sys.executable, "-m", "uvicorn", "main:app", *address, "--no-access-log"]
        return Part("api", argv, lambda: _answers(f"{self.url}/health/ready"))

    def _worker(self) -> Part:
        options = ["--queues=build,simulation", "--concurrency=2", "-E", "--loglevel=info"]
        return Part("worker", [*_celery(), "worker", *options], self._worker_answers)

    def _flower(self) -> Part:
        address = ["--address=127.0.0.1", f"--port={self.ports.flower}"]
        argv = [*_celery(), "flower", *address]
        return Part("flower", argv, lambda: _answers(f"{self.flower_url}/healthcheck"))

    def _redis_answers(self) -> bool:
        with redis.Redis.from_url(self.redis_url) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def _worker_answers(self) -> bool:
        log = self.data / "logs" / "worker.log"
        return b"ready." in log.read_bytes()


def description_file(data: Path) -> Path:
    """Return where the description of the stack that runs on `data` is."""
    return data / "run" / "stack.json"


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "app.workers.celery_app"]


def _answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
