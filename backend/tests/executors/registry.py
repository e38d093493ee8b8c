"""A real registry of container images, on loopback, for as long as a test needs it."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port, retry, tied

_CONFIG = """
version: 0.1
storage:
  filesystem:
    rootdirectory: {folder}
http:
  addr: {address}
"""


def is_installed() -> bool:
    return shutil.which("docker-registry") is not None


@contextmanager
def running_registry(folder: Path) -> Iterator[str]:
    """Run one; the value is its address, to which engines talk without TLS."""
    address = f"127.0.0.1:{free_port()}"
    config = folder / "registry.yml"
    config.write_text(_CONFIG.format(folder=folder / "images", address=address))
    command = ["docker-registry", "serve", str(config)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(tied(*command), stdout=log, stderr=log) as registry,
    ):
        try:
            _wait_for(address)
            yield address
        finally:
            registry.terminate()


def _wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    retry(
        lambda: socket.create_connection((host, int(port))).close(),
        ConnectionRefusedError,
        "the registry does not start",
    )
