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


def uv() -> Path:
    """Return uv: the machine's own, or one that is fetched with pip."""
    found = shutil.which("uv")
    if found:
        return Path(found)
    folder = HOME / "uv"
    once(HOME / "stamps" / "uv", "uv", "fetching uv", lambda: _fetch_uv(folder))
    return folder / "bin" / "uv"


def make(env: Path, project: Path, groups: tuple[str, ...] = (), python: str = "") -> None:
    """Make `env` hold just what `project`'s lock file says, with the dependency `groups`."""
    lock = (project / "uv.lock").read_bytes()
    wanted = hashlib.sha256(lock).hexdigest() + " " + " ".join(groups)
    what = f"Python environment for {project.name}"
    once(env / "a6hub-stamp", wanted, what, lambda: _make(env, project, groups, python))


def has_groups(env: Path, groups: tuple[str, ...]) -> bool:
    """Return whether `env` was made with these groups."""
    stamp = env / "a6hub-stamp"
    return stamp.is_file() and set(groups) <= set(stamp.read_text().split()[1:])


def lock(project: Path) -> None:
    """Resolve `project` anew and strip the addresses from its lock file."""
    run([uv(), "lock", "--upgrade"], cwd=project)
    path = project / "uv.lock"
    text = re.sub(r'registry = "https?://[^"]*"', 'registry = "registry"', path.read_text())
    path.write_text(re.sub(r'url = "https?://[^"]*/([^"/]+)"', r'filename = "\1"', text))


def _make(env: Path, project: Path, groups: tuple[str, ...], python: str) -> None:
    if not (env / "bin" / "python").exists():
        run([uv(), "venv", "-q", "--clear", "--python", python or _PYTHON, env])
    chosen = [word for group in groups for word in ("--group", group)]
    export = [uv(), "export", "--frozen", "--no-emit-project", "--no-default-groups", "-q"]
    pins = run([*export, *chosen], cwd=project)
    sync = [uv(), "pip", "sync", "-q", "--require-hashes", "--python", env / "bin" / "python", "-"]
    try:
        run(sync, stdin=pins)
    except SetupError:  # perhaps uv remembers an index from before a version was there
        run([*sync, "--refresh"], stdin=pins)


def _fetch_uv(folder: Path) -> None:
    if missing := _without_pip():
        raise SetupError(f"a6hub needs pip once, to fetch uv: {debian.how_to_install(missing)}")
    pip = [_PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run([*pip, "--root-user-action=ignore", "--upgrade", "--target", folder, "uv"])


def _without_pip() -> list[debian.Package]:
    """Install pip if this Python has none; return what is missing then."""
    try:
        run([_PYTHON, "-m", "pip", "--version"])
    except SetupError:
        return debian.install([debian.PIP])
    return []
