"""A stack on one machine: its data folder, ports, passwords and settings, and its description.

The description is a file in the data folder. It tells other commands, and people, where everything
is; a supervisor that was killed leaves it behind, so look at it through `app.cli.running`.
"""

import json
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

BACKEND = Path(__file__).parents[2]
#: The first user, who may do everything.
ADMIN = "admin"
#: Settings that name a database and a store elsewhere than in the data folder.
PLACES = ("A6HUB_DATABASE_URL", "DATABASE_URL", "A6HUB_STORE_URL", "STORE_URL")


def default_data() -> Path:
    """Return the data folder that is used unless another is given."""
    home = os.environ.get("A6HUB_HOME") or BACKEND.parent / ".a6hub"
    return Path(home).absolute() / "data"


def places_named() -> dict[str, str]:
    """Return what the environment says of where database and store are."""
    return {name: os.environ[name] for name in PLACES if os.environ.get(name)}


def description_file(data: Path) -> Path:
    """Return where the description of the stack that runs on `data` is."""
    return data / "run" / "stack.json"


@dataclass(frozen=True)
class Ports:
    """The loopback ports of a stack; they stay while its parts are restarted."""

    redis: int
    api: int
    flower: int


class Stack:
    """A stack's data folder and what follows from it."""

    def __init__(self, data: Path, api_port: int = 0, flower_port: int = 0) -> None:
        self.data = data
        for name in ("logs", "run", "redis", "secrets"):
            (data / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        free = _free_ports(3)
        self.ports = Ports(free[0], api_port or free[1], flower_port or free[2])
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
            "FLOWER_BASIC_AUTH": f"{ADMIN}:{self.flower_password}",
        }

    def log(self, part: str) -> Path:
        """Return the log file of a part."""
        return self.data / "logs" / f"{part}.log"

    def write_description(self, pids: dict[str, int], ready: bool) -> None:
        """Tell where everything is. `ready` says whether requests are taken."""
        description = {
            "url": self.url,
            "flower": self.flower_url,
            "redis_port": self.ports.redis,
            "admin_password_file": str(self.data / "secrets" / "admin"),
            "flower_password_file": str(self.data / "secrets" / "flower"),
            "redis_password_file": str(self.data / "secrets" / "redis"),
            "logs": str(self.data / "logs"),
            "places": places_named(),
            "supervisor": os.getpid(),
            "ready": ready,
            "pids": pids,
        }
        temporary = description_file(self.data).with_suffix(".new")
        temporary.write_text(json.dumps(description, indent=2))
        temporary.replace(description_file(self.data))

    def _secret(self, name: str) -> str:
        """Return the password `name`, made at the first start and readable by this user alone."""
        path = self.data / "secrets" / name
        if not path.exists() or not path.read_text():  # empty: the first start was cut short
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(18))
        return path.read_text()


def _free_ports(count: int) -> list[int]:
    """Return different ports on which nobody listens; all are held until the last is found."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
