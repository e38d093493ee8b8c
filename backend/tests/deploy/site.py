"""Where an operator deploys: a copy of backend/ with what docs/deploy.md has him make in it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import httpx2
import pytest

from app.cli.client import Client
from app.cli.stack import ADMIN, BACKEND
from tests.deploy.inside import network_of
from tests.executors.engine import RunningEngine
from tests.executors.image import libraries, make_image
from tests.servers import PLAIN

URL = "http://127.0.0.1:8000"
_NOT_COPIED = shutil.ignore_patterns("tests", "benchmarks", "__pycache__", ".*_cache")
#: To ask a worker loads Celery, which takes its time where the machine is busy with other tests.
_OFTEN = {"interval": "10s", "timeout": "60s", "retries": 10}
#: Where Debian's Icarus has its parts.
_ICARUS = Path("/usr/lib/x86_64-linux-gnu/ivl")


@dataclass(frozen=True)
class Site:
    """A folder with the compose file, the engine, and Compose 2."""

    folder: Path
    engine: RunningEngine
    program: Path
    #: What the images of a6hub are built on.
    base: str

    def compose(self, *words: str) -> str:
        """Run `docker compose ...` and return its output; AssertionError with what it said."""
        done = self._run(*words)
        if done.returncode != 0:
            last = self._run("logs", "--tail=15", "--no-color").stdout
            pytest.fail(f"{words}:\n{done.stdout}{done.stderr[-2000:]}\n{last}")
        return done.stdout

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DOCKER_HOST": self.engine.host,
            "DOCKER_BUILDKIT": "0",  # BuildKit is in no package of Debian 12
        }
        return subprocess.run(
            [self.program, *words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def set(self, **settings: str) -> None:
        """Change .env as an editor would."""
        file = self.folder / ".env"
        text = file.read_text()
        for name, value in settings.items():
            text = re.sub(rf"(?m)^#?{name}=.*\n", "", text) + f"{name}={value}\n"
        file.write_text(text)

    def secret(self, name: str) -> str:
        """Return a secret's content."""
        return (self.folder / "secrets" / name).read_text()

    def container(self, service: str) -> dict[str, Any]:
        """Return what the engine knows of one container of a service."""
        return self.containers(service)[0]

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """Return what the engine knows of a service's containers, or of all."""
        ids = self.compose("ps", "--all", "--quiet", *([service] if service else [])).split()
        client = docker.APIClient(self.engine.host)
        try:
            return [client.inspect_container(one) for one in ids]
        finally:
            client.close()

    @contextmanager
    def user(self) -> Iterator[Client]:
        """Yield a client of one who has logged in at the published port."""
        with (
            network_of(self.engine.pid),
            Client.log_in(URL, ADMIN, self.secret("a6hub_admin_password")) as client,
        ):
            yield client

    def get(self, url: str, **options: Any) -> httpx2.Response:
        """Ask what is published."""
        with network_of(self.engine.pid):
            return httpx2.get(url, trust_env=False, verify=PLAIN, timeout=30, **options)

    def get_within(self, service: str, url: str) -> Any:
        """Ask a container itself, on its loopback; return the JSON."""
        with network_of(self.container(service)["State"]["Pid"]):
            return httpx2.get(url, trust_env=False, verify=PLAIN, timeout=30).json()


def make_site(
    folder: Path, engine: RunningEngine, program: Path, base: str, job_image: str
) -> Site:
    """Copy what is deployed and do as the quickstart says, as far as the images' names."""
    shutil.copytree(BACKEND, folder, ignore=_NOT_COPIED)
    subprocess.run(["./scripts/make-secrets.sh"], cwd=folder, check=True, capture_output=True)
    shutil.copy(folder / ".env.example", folder / ".env")
    site = Site(folder, engine, program, base)
    socket = engine.host.removeprefix("unix://")
    site.set(A6HUB_DOCKER_IMAGES=f"icarus={job_image}", DOCKER_SOCKET=socket)
    return site


def override_images(site: Site, stand_ins: dict[str, str]) -> None:
    """Name other images for those of registries, and have health asked more often, with patience."""
    services: dict[str, Any] = json.loads(
        site.compose("--profile", "*", "config", "--format", "json")
    )["services"]
    build = {"args": {"BASE": site.base, "PIP_NO_INDEX": "1"}, "network": "none"}
    changed: dict[str, Any] = {
        name: {"image": stand_ins[known]}
        for name, one in services.items()
        if (known := _bare(one["image"])) in stand_ins
    }
    changed |= {name: {"build": build} for name, one in services.items() if "build" in one}
    for name in ("celery-worker", "flower", "flower-admin"):
        changed.setdefault(name, {})["healthcheck"] = _OFTEN
    (site.folder / "docker-compose.override.yml").write_text(json.dumps({"services": changed}))


def _bare(image: str) -> str:
    """Return an image's name without registry, owner, tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def make_job_image(client: docker.APIClient) -> str:
    """Return the digest of an image with Icarus, for jobs."""
    parts = [_ICARUS / "ivl", _ICARUS / "ivlpp", *_ICARUS.glob("*.tgt"), *_ICARUS.glob("*.vpi")]
    return make_image(client, more=("iverilog", "vvp", _ICARUS, *libraries(parts)))
