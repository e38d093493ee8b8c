"""The part of `doctor` that looks at this machine: programs, disks, files, the executor."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from app.cli.doctor_settings import broker_hosts, is_here
from app.cli.finding import Finding
from app.core.settings import Settings
from app.executors.registry import make_executor

#: Below this much free space a worker's disk is soon full, in bytes.
LOW_DISK = 5 << 30
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def look_at_tools(settings: Settings) -> Iterator[Finding]:
    """Say which programs there are, and their versions."""
    if settings.executor == "docker":
        yield Finding("tools", True, "jobs have those of their images")
        return
    for program, package, flag in (
        ("redis-server", "redis-server", "--version"),
        ("iverilog", "iverilog", "-V"),
        ("bwrap", "bubblewrap", "--version"),
        ("sta", "opensta", "-version"),
    ):
        path = shutil.which(program)
        if path is None and program == "redis-server" and not _has_redis_here(settings):
            yield Finding(program, True, "not needed: Redis is elsewhere")
        elif path is None:
            yield Finding(program, False, "missing", f"Install it: sudo apt-get install {package}")
        else:
            done = subprocess.run([path, flag], capture_output=True, text=True, check=False)
            yield Finding(program, True, (done.stdout or done.stderr or path).split("\n")[0])


def _has_redis_here(settings: Settings) -> bool:
    return all(map(is_here, broker_hosts(settings)))


def look_at_executor(settings: Settings) -> Iterator[Finding]:
    """Say which protections from jobs are in force."""
    executor = make_executor(settings)
    for name, in_force in executor.protections().items():
        # A limit that the kernel does not enforce here is watched by polling instead.
        polled = "control group" in name and executor.name != "docker"
        words = "in force" if in_force else "watched by polling" if polled else "not in force"
        well = in_force or polled or "optional" in name
        advice = "" if well else "See docs/architecture.md, Executors, and docs/docker.md."
        yield Finding(f"{executor.name}: {name}", well, words, advice)
    if executor.name == "docker":
        yield _socket(Path(settings.docker_host.removeprefix("unix://")))
    for warning in executor.warnings():
        yield Finding(executor.name, False, warning)


def _socket(path: Path) -> Finding:
    """Say who may speak to the engine: that is who may become root."""
    if not path.exists():
        advice = "Start the engine or ./a6hub docker-filter, or correct A6HUB_DOCKER_HOST."
        return Finding("engine's socket", False, f"there is none at {path}", advice)
    if path.stat().st_mode & stat.S_IRWXO:
        advice = f"chmod o= '{path}'; give the worker's user the socket's group."
        return Finding("engine's socket", False, f"everybody may use {path}", advice)
    return Finding("engine's socket", True, "for its owner and group alone")


def look_at_files(settings: Settings) -> Iterator[Finding]:
    """Look at the data and work folders, their disks, and who may read secrets."""
    folders = {"data": settings.data_dir, "work": settings.work_dir}
    for name, folder in folders.items():
        path = folder.absolute()
        existing = next(one for one in (path, *path.parents) if one.exists())
        yield _disk(name, existing)
        yield _writable(name, existing)
    open_to_all = [path for path in _secrets(settings) if _is_open(path)]
    for path in open_to_all:
        advice = f"chmod go= '{path}'"
        yield Finding("secrets", False, f"others may read or write {path}", advice)
    if not open_to_all:
        yield Finding("secrets", True, "for their owner alone")


def _disk(name: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    advice = "" if free > LOW_DISK else "Free some space, or move A6HUB_DATA_DIR."
    words = f"{free >> 30} GiB free at {folder}"
    return Finding(f"disk of the {name} folder", free > LOW_DISK, words, advice)


def _writable(name: str, folder: Path) -> Finding:
    well = os.access(folder, os.W_OK | os.X_OK)
    words = "can be written" if well else f"{folder} cannot be written by user {os.getuid()}"
    advice = "" if well else f"sudo chown {os.getuid()} '{folder}', or set A6HUB_DATA_DIR."
    return Finding(f"{name} folder", well, words, advice)


def _secrets(settings: Settings) -> Iterator[Path]:
    """Yield the files with secrets that there are. What lies in a closed folder is closed, too."""
    yield from filter(Path.is_file, [Path(".env")])
    named = Path(os.environ.get("SECRETS_DIR") or os.devnull)
    for folder in (settings.data_dir / "secrets", named):
        # Those of a container belong to its engine.
        if folder.is_dir() and not str(folder).startswith("/run/secrets"):
            yield from filter(Path.is_file, folder.iterdir())
    database = settings.database.removeprefix("sqlite:///")
    if database != settings.database and Path(database).is_file():
        yield Path(database)


def _is_open(path: Path) -> bool:
    """Return whether others may read or write a file: its own mode and its folder's let them."""
    path = path.absolute()
    return bool(path.stat().st_mode & _OTHERS and path.parent.stat().st_mode & _OTHERS)
