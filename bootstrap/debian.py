"""Programs from Debian packages, all missing ones in one go.

Where they may not be installed, some have a stand-in from a wheel (see `environments`); for the
others the message says what to type.
"""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bootstrap.steps import SetupError, run, say


@dataclass(frozen=True)
class Package:
    """A Debian package and how to see that it is there: a program, or a pattern for a file."""

    name: str
    program: str = ""
    file: str = ""

    def is_there(self) -> bool:
        """Return whether it need not be installed."""
        if self.program:
            return shutil.which(self.program) is not None
        return any(Path("/").glob(self.file))


PIP = Package("python3-pip", file="usr/lib/python3/dist-packages/pip")
REDIS = Package("redis-server", program="redis-server")
ICARUS = Package("iverilog", program="iverilog")
BUBBLEWRAP = Package("bubblewrap", program="bwrap")
OPENSTA = Package("opensta", program="sta")
TKINTER = Package("python3-tk", file="usr/lib/python3*/lib-dynload/_tkinter.*.so")
CHROMIUM = Package("chromium", program="chromium")
DOCKER = Package("docker.io", program="dockerd")
REGISTRY = Package("docker-registry", program="docker-registry")
PROMETHEUS = Package("prometheus", program="promtool")
#: An S3 server of the kind that companies run, and what it stands on.
CEPH = (
    Package("ceph-mon", program="ceph-mon"),
    Package("ceph-osd", program="ceph-osd"),
    Package("radosgw", program="radosgw"),
)


def install(packages: list[Package]) -> list[Package]:
    """Install what is missing, if this user may; return what is still missing."""
    missing = [package for package in packages if not package.is_there()]
    if missing and (prefix := _apt_get()) is not None:
        names = [package.name for package in missing]
        say(f"installing Debian packages: {' '.join(names)} ...")
        began = time.monotonic()
        try:
            _install(prefix, names)
            say(f"Debian packages: done in {time.monotonic() - began:.0f} s")
        except SetupError as error:
            say(str(error))
    return [package for package in missing if not package.is_there()]


def how_to_install(packages: list[Package]) -> str:
    """Return the command that a person who may would type."""
    return "sudo apt-get install " + " ".join(package.name for package in packages)


def _install(prefix: list[str], names: list[str]) -> None:
    command = [*prefix, "install", "-y", "--no-install-recommends", *names]
    try:
        run(command, spared=True)
    except SetupError:  # perhaps the lists are old, or were never fetched
        run([*prefix, "update"], spared=True)
        run(command, spared=True)


def _apt_get() -> list[str] | None:
    """Return how to call apt-get without being asked anything, or None."""
    apt = shutil.which("apt-get")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    if apt is None:
        return None
    if os.geteuid() == 0:
        return [*quiet, apt, "-qq", "-o", "DPkg::Lock::Timeout=120"]
    sudo = shutil.which("sudo")
    if sudo and _succeeds([sudo, "-n", "true"]):
        return [sudo, "-n", *quiet, apt, "-qq", "-o", "DPkg::Lock::Timeout=120"]
    return None


def _succeeds(argv: list[str]) -> bool:
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0
