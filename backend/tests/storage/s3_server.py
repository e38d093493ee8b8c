"""A real S3 server: `rclone serve s3` over a folder, on a free loopback port."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Authority
from tests.servers import free_port, retry, tied

KEY, SECRET = "tester", "a-secret-of-the-tests"


@dataclass(frozen=True)
class S3Server:
    """A running server with one bucket."""

    endpoint: str
    bucket: str


@contextmanager
def serve_s3(folder: Path, authority: Authority | None = None) -> Iterator[S3Server]:
    """Serve `folder`, whose sub-folders are the buckets, until the end of the block.

    With an authority it speaks TLS, by a certificate of that.
    """
    (folder / "bucket").mkdir()
    port = free_port()
    rclone = Path(sys.executable).with_name("rclone")
    address = f"127.0.0.1:{port}"
    arguments = ["serve", "s3", "--addr", address, "--auth-key", f"{KEY},{SECRET}", str(folder)]
    if authority is not None:
        certificate, key = authority.sign("s3", "IP:127.0.0.1")
        arguments += ["--cert", str(certificate), "--key", str(key)]
    with subprocess.Popen(tied(rclone, *arguments), stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield S3Server(f"http{'s' if authority else ''}://{address}", "bucket")
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    """Return once the server takes connections."""
    retry(
        lambda: socket.create_connection(("127.0.0.1", port)).close(),
        ConnectionRefusedError,
        "the S3 server does not answer",
    )
