"""Redis with a replica and three Sentinels, all with passwords, as the compose file starts them."""

import os
import shutil
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import redis

from tests.certificates import Authority
from tests.servers import free_port, retry, tied

#: The scripts that start them.
SCRIPTS = Path(__file__).parents[1] / "redis-config"
MASTER, PASSWORD, SENTINEL_PASSWORD = "a6hub", "of redis", "of-sentinels"


class RedisCluster:
    """Two Redis, of which one is the master, and three Sentinels that agree by two.

    What can be done to a RedisServer can be done to it; what is killed is whoever is master then.
    With TLS all speak that alone, with a certificate that the authority signs.
    """

    def __init__(self, folder: Path, authority: Authority | None = None) -> None:
        self._authority = authority
        if authority is not None:
            authority.sign("redis", "IP:127.0.0.1")
        self.secrets = folder / "secrets"
        self.secrets.mkdir()
        (self.secrets / "redis_password").write_text(PASSWORD)
        (self.secrets / "redis_sentinel_password").write_text(SENTINEL_PASSWORD)
        self.ports = [free_port(), free_port()]
        self.sentinels = [free_port() for _ in range(3)]
        self._folder = folder
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def settings(self) -> dict[str, str]:
        """What a6hub's settings have to say, beside the secrets."""
        return {"REDIS_SENTINELS": " ".join(f"127.0.0.1:{port}" for port in self.sentinels)}

    def start(self) -> None:
        """Start all that does not run, and wait until it answers."""
        first, second = self.ports
        self._start(first, "redis.sh", "127.0.0.1")
        self._start(second, "redis.sh", "127.0.0.1", "127.0.0.1", str(first))
        for port in self.sentinels:
            self._start(port, "sentinel.sh", "127.0.0.1", str(first))
        for port in (*self.ports, *self.sentinels):
            retry(partial(self._ping, port), redis.RedisError, f"{port} does not answer")

    def stop(self) -> None:
        """Stop all, the Sentinels first."""
        for port in (*self.sentinels, *self.ports):
            if port in self._running:
                self.kill(port)

    def kill(self, port: int = 0) -> None:
        """Kill -9 the one on a port, or the master."""
        process = self._running.pop(port or self.master())
        process.kill()
        process.wait()

    def empty(self) -> None:
        """Have the master throw away all that it knows."""
        # Who was the master a moment ago may not be it any more.
        retry(self._flush, redis.RedisError, "no master takes the command")

    def forget(self) -> None:
        """Remove the data of the Redis that is down."""
        for port in set(self.ports) - self._running.keys():
            shutil.rmtree(self._data(port))

    def master(self) -> int:
        """Return the port of the master as the Sentinels know it; of any that runs if it is dead."""
        known = (int(known.get("port", 0)) for known in map(self._known, self.sentinels))
        running = [port for port in self.ports if port in self._running]
        return next((port for port in known if port in running), running[0])

    def role(self, port: int) -> str:
        """Return what the Redis on a port takes itself for; `none` while it does not answer."""
        with suppress(redis.RedisError), self.client(port) as client:
            return str(client.info("replication")["role"])
        return "none"

    def failovers(self) -> int:
        """Return how often the Sentinels have made another Redis the master."""
        return max(int(known.get("config-epoch", 0)) for known in map(self._known, self.sentinels))

    def is_whole(self) -> bool:
        """Return whether each Sentinel knows the replica and both others."""
        return all(
            (known.get("num-slaves"), known.get("num-other-sentinels")) == (1, 2)
            for known in map(self._known, self.sentinels)
        )

    def client(self, port: int) -> "redis.Redis":
        """Return a client of a Redis or of a Sentinel."""
        secret = SENTINEL_PASSWORD if port in self.sentinels else PASSWORD
        trusted = str(self._authority.certificate) if self._authority else None
        return redis.Redis(
            "127.0.0.1",
            port,
            password=secret,
            socket_timeout=60,
            ssl=trusted is not None,
            ssl_ca_certs=trusted,
        )

    def _flush(self) -> None:
        with self.client(self.master()) as client:
            client.flushall()

    def _ping(self, port: int) -> None:
        with self.client(port) as client:
            client.ping()

    def _known(self, sentinel: int) -> dict[str, Any]:
        """Return what a Sentinel knows of the master; nothing while it does not answer."""
        with suppress(redis.RedisError), self.client(sentinel) as client:
            return dict(client.sentinel_master(MASTER))
        return {}

    def _data(self, port: int) -> Path:
        return self._folder / str(port)

    def _start(self, port: int, script: str, *words: str) -> None:
        if port in self._running:
            return
        data = self._data(port)
        data.mkdir(exist_ok=True)
        own = {"REDIS_DATA": str(data), "SECRETS_DIR": str(self.secrets)}
        own |= {"REDIS_PORT": str(port), "SENTINEL_PORT": str(port)}
        if self._authority is not None:
            own["REDIS_TLS"] = str(self._authority.certificate.parent)
        with (self._folder / f"redis-{port}.log").open("ab") as log:
            self._running[port] = subprocess.Popen(
                tied("sh", SCRIPTS / script, *words),
                env={**os.environ, **own},
                stdout=log,
                stderr=log,
            )
