"""A container image of this machine's LibreLane, for sites that have no registry to take one from.

It holds LibreLane's environment, what that rests on (Python, Tcl, OpenSTA and the libraries they
load) and a few small programs, all under the paths that they have here, so that nothing has to be
installed anew and no network is needed. What lies in /tmp here is moved, for a container has a /tmp
of its own.
"""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import docker

from app.executors.docker.engine import Engine, EngineError, engine_errors
from app.toolchains.librelane.environment import InEnvironment

REPOSITORY = "a6hub-flow"
#: What the flow calls, and what start.sh does; OpenSTA is there if the worker has it.
_PROGRAMS = ("sh", "cat", "cp", "env", "ls", "mkdir", "rm", "timeout", "sta")
#: Tcl's own library, for tkinter and OpenSTA.
_TCL = ("/usr/share/tcltk", "/usr/lib/tcltk")
_USER_MERGE = ("bin", "sbin", "lib", "lib64")
_LOADED = re.compile(r"\s(/\S+) \(0x")
_AT_ONCE = 200
#: Where what lies in _HIDDEN goes, and the files that name paths: scripts by their first line.
_HIDDEN, _MOVED = Path("/tmp"), Path("/opt/a6hub")  # noqa: S108 - it is where nothing may be
_NAMING = ("bin/*", "lib/python3*/site-packages/*.pth")
_MINUTES = 10


def build_flow_image(host: str, python: Path) -> str:
    """Make the image on the engine at `host`; return its digest. Raises EngineError, OSError."""
    installation = InEnvironment(python)
    Engine(host).client.close()  # is it there? before a minute is spent
    with tempfile.TemporaryFile(dir="/var/tmp") as file:  # where there is room
        with tarfile.open(fileobj=file, mode="w|") as archive:
            _write(archive, installation)
        file.seek(0)
        client = docker.APIClient(host, timeout=_MINUTES * 60)
        with engine_errors(host), closing(client):
            said = client.import_image(
                file,
                repository=REPOSITORY,
                tag=installation.version,
                changes=_changes(installation),
            )
    digest = re.search(r"sha256:[0-9a-f]{64}", said)
    if digest is None:
        raise EngineError(f"The engine made no image: {said}")
    return digest[0]


def _changes(installation: InEnvironment) -> list[str]:
    prefix = _place(installation.prefix)
    path = f"{prefix / 'bin'}:/usr/bin:/bin"
    return [f"ENV PATH={path}", f"ENV A6HUB_NUMBA_CACHE={prefix / 'numba-cache'}"]


def _write(archive: tarfile.TarFile, installation: InEnvironment) -> None:
    for name in _USER_MERGE:
        if Path("/", name).is_symlink():
            archive.add(f"/{name}", name)
    folders = [mount.source for mount in installation.mounts()]
    folders += [
        Path(name) for name in (*_TCL, *_library(installation.python)) if Path(name).exists()
    ]
    corrected = _corrected(installation.prefix)
    left_out = {str(_place(path))[1:] for path in corrected}
    for folder in folders:
        archive.add(
            folder,
            str(_place(folder))[1:],
            filter=lambda entry: None if entry.name in left_out else _plain(entry),
        )
    for path, content in corrected.items():
        entry = _plain(archive.gettarinfo(path, str(_place(path))[1:]))
        entry.size = len(content)
        archive.addfile(entry, BytesIO(content))
    programs = [found for name in _PROGRAMS if (found := shutil.which(name, path="/usr/bin:/bin"))]
    files = [*map(Path, programs), *_interpreters(installation.python)]
    for file in {*files, *_libraries([*files, *_loadable(folders)])}:
        archive.add(file.resolve(), _merged(file), filter=_plain)


def _place(path: Path) -> Path:
    """Return where a folder is in the image."""
    return _MOVED / path.relative_to(_HIDDEN) if path.is_relative_to(_HIDDEN) else path


def _corrected(prefix: Path) -> dict[Path, bytes]:
    """Return the files of an environment that name paths in /tmp, as they have to be."""
    found = {}
    for path in sorted(path for pattern in _NAMING for path in prefix.glob(pattern)):
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes()
            moved = text.replace(f"{_HIDDEN}/".encode(), f"{_MOVED}/".encode())
            if moved != text and not text.startswith(b"\x7fELF"):
                found[path] = moved
    return found


def _interpreters(python: Path) -> Iterator[Path]:
    """Yield the links from an environment's Python to the system's, if it has that, and its end."""
    while python.is_symlink():
        python = Path(os.path.normpath(python.parent / python.readlink()))
        if python.is_relative_to("/usr"):
            yield python


def _library(python: Path) -> Iterator[str]:
    """Yield the folder of Python's own library."""
    ask = "import sysconfig; print(sysconfig.get_path('stdlib'))"
    yield subprocess.run(
        [python, "-I", "-c", ask], capture_output=True, text=True, check=True
    ).stdout.strip()


def _loadable(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the libraries and the programs in folders."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and (".so" in path.name or os.access(path, os.X_OK)):
                with path.open("rb") as file:
                    if file.read(4) == b"\x7fELF":
                        yield path


def _libraries(files: list[Path]) -> set[Path]:
    """Return the system's libraries that files load, and their loader."""
    found: set[Path] = set()
    for begin in range(0, len(files), _AT_ONCE):
        some = files[begin : begin + _AT_ONCE]
        done = subprocess.run(["ldd", *some], capture_output=True, text=True, check=False)
        found |= {Path(path) for path in _LOADED.findall(done.stdout)}
    return {path for path in found if path.parts[1] in ("usr", *_USER_MERGE)}


def _merged(file: Path) -> str:
    """Return a file's place in the image, where /lib is a link to /usr/lib as it is here."""
    folder = file.parent.resolve()
    return f"{folder}/{file.name}"[1:]


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Make all root's and readable: jobs run as somebody else."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode |= 0o555 if entry.isdir() or entry.mode & 0o100 else 0o444
    return entry
