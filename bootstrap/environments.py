"""Python environments, made by uv from lock files that hold versions and hashes.

The lock files name no download addresses: uv takes each file from wherever the machine is set up to
take packages from, and checks its hash.
"""

import hashlib
import re
import shutil
import sys
from pathlib import Path

from bootstrap import debian
from bootstrap.home import HOME
from bootstrap.steps import SetupError, once, run

#: The Python that runs this; of a virtual environment, the one it was made from, which has pip.
_PYTHON: str = getattr(sys, "_base_executable", sys.executable)
#: The Python for which Debian packages are.
SYSTEM_PYTHON = "/usr/bin/python3"
_UV = HOME / "uv"


def uv() -> Path:
    """Return uv: the machine's own, or one that is fetched with pip."""
    found = shutil.which("uv")
    if found:
        return Path(found)
    once(_UV / "a6hub-stamp", "uv", "fetching uv", _fetch_uv)
    return _UV / "bin" / "uv"


def needs_pip() -> bool:
    """Return whether uv has yet to be fetched and there is no pip to do it."""
    has_uv = shutil.which("uv") or (_UV / "a6hub-stamp").exists()
    return not has_uv and _pip() is None


def make(env: Path, project: Path, groups: set[str], python: str = "") -> None:
    """Make `env` hold just what `project`'s lock file says, with the dependency `groups`."""
    lock = (project / "uv.lock").read_bytes()
    wanted = " ".join([hashlib.sha256(lock).hexdigest(), *sorted(groups)])
    what = f"Python environment for {project.name}"
    uv()
    once(env / "a6hub-stamp", wanted, what, lambda: _make(env, project, groups, python))


def has_group(env: Path, group: str) -> bool:
    """Return whether `env` was made with this dependency group."""
    stamp = env / "a6hub-stamp"
    return stamp.is_file() and group in stamp.read_text().split()[1:]


def lock(project: Path) -> None:
    """Resolve `project` anew and strip the addresses from its lock file."""
    run([uv(), "lock", "--upgrade"], cwd=project)
    path = project / "uv.lock"
    text = re.sub(r'registry = "https?://[^"]*"', 'registry = "registry"', path.read_text())
    path.write_text(re.sub(r'url = "https?://[^"]*/([^"/]+)"', r'filename = "\1"', text))


def _make(env: Path, project: Path, groups: set[str], python: str) -> None:
    if not _is_environment(env):
        run([uv(), "venv", "-q", "--clear", "--python", python or _PYTHON, env])
    chosen = [word for group in sorted(groups) for word in ("--group", group)]
    export = [
        uv(),
        "export",
        "--frozen",
        "--no-emit-project",
        "--no-default-groups",
        "-q",
    ]
    pins = run([*export, *chosen], cwd=project)
    # Compiled now: jobs see the environment read-only, and would compile it anew each time.
    sync = [uv(), "pip", "sync", "-q", "--require-hashes", "--compile-bytecode"]
    sync += ["--python", env / "bin" / "python", "-"]
    try:
        run(sync, stdin=pins)
    except SetupError:
        # Perhaps uv remembers an index from before a version was there, or the way to the index
        # has a certificate that this machine trusts and uv's own list does not know.
        trusting = ["env", "UV_SYSTEM_CERTS=1", "UV_NATIVE_TLS=1"]
        run([*trusting, *sync, "--refresh"], stdin=pins)


def _is_environment(env: Path) -> bool:
    """Return whether there is a whole environment whose Python is still there."""
    return (env / "bin" / "python").exists() and (env / "pyvenv.cfg").exists()


def _fetch_uv() -> None:
    pip = _pip()
    if pip is None:
        how = debian.how_to_install([debian.PIP])
        raise SetupError(f"a6hub needs pip once, to fetch uv: {how}")
    options = ["-q", "--disable-pip-version-check", "--root-user-action=ignore", "--upgrade"]
    run([*pip, "install", *options, "--target", _UV, "uv"])


def _pip() -> list[str] | None:
    """Return how to call pip: this Python's, or the system's, for which Debian has one."""
    for python in (_PYTHON, SYSTEM_PYTHON):
        pip = [python, "-m", "pip"]
        if _works(pip):
            return pip
    return None


def _works(pip: list[str]) -> bool:
    try:
        run([*pip, "--version"])
    except SetupError:
        return False
    return True
