"""Docker Compose 2 to test the compose file with, from a package of Debian 13 where it is missing.

Debian 12 has Compose 1 alone, which cannot read it. The package's one program needs nothing else.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from bootstrap.home import HOME
from bootstrap.steps import SetupError, once, run, say

_FOLDER = HOME / "compose"
_FILE = "pool/main/d/docker-compose/docker-compose_2.26.1-4_amd64.deb"
_SHA256 = "47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea"
_PROGRAM = _FOLDER / "usr/libexec/docker/cli-plugins/docker-compose"
_SECONDS = 60


def program() -> Path | None:
    """Return where Compose 2 is, or None."""
    installed = shutil.which("docker-compose")
    plugin = Path("/usr/libexec/docker/cli-plugins/docker-compose")
    known = [_PROGRAM, plugin, *([Path(installed)] if installed else [])]
    return next((path for path in known if path.exists() and _is_version_2(path)), None)


def make() -> None:
    """Fetch it unless there is one; say so if that cannot be done."""
    if program() is None:
        try:
            once(_FOLDER / "a6hub-stamp", _SHA256, "Docker Compose", _fetch)
        except (SetupError, OSError) as error:
            say(f"missing: Docker Compose 2, with which the compose file is tested ({error})")


def _is_version_2(path: Path) -> bool:
    done = subprocess.run([path, "version", "--short"], capture_output=True, text=True, check=False)
    return re.match(r"v?[2-9]\.", done.stdout) is not None


def _fetch() -> None:
    """Take the package from where this machine takes its packages, and look at its digest."""
    sites = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"])
    site = next((one for one in sites.decode().split() if one.endswith("/debian")), None)
    if site is None:
        raise SetupError("apt knows no mirror of Debian")
    with urllib.request.urlopen(f"{site}/{_FILE}", timeout=_SECONDS) as answer:  # noqa: S310 - apt's
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise SetupError("the package is not the one that is expected")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".deb") as file:
        file.write(data)
        file.flush()
        run(["dpkg-deb", "--extract", file.name, _FOLDER])
