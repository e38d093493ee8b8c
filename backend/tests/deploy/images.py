"""What the Dockerfiles are built with on an engine of the tests' own, without any network.

The base is made of this machine's Python where the real one is python:3.11-slim; what is installed
comes from wheels that are fetched beforehand, as where a site has no way out (docs/deploy.md).
"""

import subprocess
from pathlib import Path

import docker
from bootstrap import environments

from app.cli.stack import BACKEND
from tests.executors.image import make_image

_PIP = Path("/usr/lib/python3/dist-packages/pip")
#: What wheels load and Python itself does not.
_LIBRARIES = ("libgcc_s.so.1", "libstdc++.so.6", "librt.so.1", "libpthread.so.0", "libdl.so.2")
#: Whom to trust: a client of S3 wants to know, even where it speaks HTTP.
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_UV = "uv==0.13.9"
_EXPORT = ("export", "--quiet", "--frozen", "--no-emit-project", "--no-default-groups")


def make_base(client: docker.APIClient) -> str:
    """Return the digest of an image of what of python:slim is needed, and Redis."""
    libraries = [next(Path("/usr/lib").glob(f"*-linux-gnu/{name}")) for name in _LIBRARIES]
    more: tuple[str | Path, ...] = (
        "chown",
        "redis-server",
        "test",
        _PIP,
        *libraries,
        Path("/usr/share/zoneinfo/UTC"),
    )
    scripts = {"/etc/passwd": "", "/etc/group": "", _CERTIFICATES: Path(_CERTIFICATES).read_text()}
    return make_image(client, more=more, scripts=scripts)


def fetch_wheels(folder: Path) -> None:
    """Fetch all that is installed, as docs/deploy.md says."""
    pins = folder.with_suffix(".txt")
    pins.write_bytes(_output(str(environments.uv()), *_EXPORT))
    pip = ["/usr/bin/python3", "-m", "pip", "download", "--no-deps", "--dest", str(folder)]
    _output(*pip, _UV)
    _output(*pip, "--only-binary", ":all:", "--require-hashes", "--requirement", str(pins))


def _output(*words: str) -> bytes:
    return subprocess.run(words, cwd=BACKEND, check=True, capture_output=True).stdout
