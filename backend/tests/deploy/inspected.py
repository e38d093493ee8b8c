"""An image of a6hub looked at from within, confined as the compose file has it."""

from contextlib import closing
from typing import Any

import docker

from tests.executors.engine import RunningEngine


def run_in(engine: RunningEngine, image: str, script: str) -> str:
    """Run a script of Python in a container of its own; return what it prints."""
    with closing(engine.client()) as client:
        limits = client.create_host_config(
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            init=True,
            network_mode="none",
            tmpfs={"/tmp": "mode=1777", "/var/lib/a6hub": "uid=10001,gid=10001"},
        )
        made = client.create_container(image, ["python", "-c", script], host_config=limits)
        try:
            return _output(client, made["Id"])
        finally:
            client.remove_container(made, force=True)


def _output(client: docker.APIClient, container: str) -> str:
    client.start(container)
    status, said = client.wait(container)["StatusCode"], client.logs(container).decode()
    assert status == 0, said
    return str(said.strip())


def image_of(engine: RunningEngine, name: str) -> dict[str, Any]:
    """Return what the engine knows of an image."""
    with closing(engine.client()) as client:
        found: dict[str, Any] = client.inspect_image(name)
        return found
