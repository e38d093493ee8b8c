"""A container image made on the spot from this machine's programs: no registry is needed."""

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import docker

#: What the tests' scripts call.
_PROGRAMS = (
    *("sh", "python3", "cat", "chmod", "env", "flock", "grep", "head", "hostname", "id", "ln"),
    *("ls", "mkdir", "mkfifo", "mktemp", "rm", "seq", "setsid", "sleep", "tee", "touch", "true"),
    *("unshare", "wc", "yes"),
)
_UNUSED = re.compile(r"/(test|idlelib|lib2to3|config-[^/]*|dist-packages|__pycache__)$")
#: Where Debian's python3 has its library.
_LIBRARY = Path("/usr/lib", Path("/usr/bin/python3").resolve().name)


def make_image(
    client: docker.APIClient,
    without: Iterable[str] = (),
    changes: Iterable[str] = (),
    scripts: Mapping[str, str] | None = None,
    more: Iterable[str | Path] = (),
    placed: Mapping[str, Path] | None = None,
    owned: Mapping[str, int] | None = None,
) -> str:
    """Return the digest of a new image of small programs, with a Dockerfile's `changes`.

    `scripts`: more programs, by their paths. `more`: names of others, and paths of this machine.
    `placed`: what of this machine lies elsewhere in the image. `owned`: folders where everybody may
    write, by their owners.
    """
    names = [name for name in (*_PROGRAMS, *more) if isinstance(name, str)]
    programs = [_found(name) for name in names if name not in set(without)]
    paths = [path for path in more if isinstance(path, Path)]
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        _add_programs(archive, programs, scripts or {}, paths)
        for place, path in (placed or {}).items():
            archive.add(path.resolve(), place[1:], filter=_for_everybody)
        for place, owner in (owned or {}).items():
            archive.addfile(_folder(place[1:], 0o1777, owner))
    data.seek(0)
    said = client.import_image(data, changes=list(changes))
    found = re.search(r"sha256:[0-9a-f]{64}", said)
    assert found, said
    return found[0]


def _found(name: str) -> Path:
    path = shutil.which(name, path="/usr/bin:/bin")
    assert path, name
    return Path(path)


def _add_programs(
    archive: tarfile.TarFile, programs: list[Path], scripts: Mapping[str, str], paths: list[Path]
) -> None:
    for name in ("bin", "sbin", "lib", "lib64"):
        archive.addfile(_link(name, f"usr/{name}"))
    archive.addfile(_folder("tmp", 0o1777))
    own = (*programs, *libraries([*programs, *_LIBRARY.glob("lib-dynload/*.so")]), *paths)
    for name, file in {f"usr/{_below_usr(file)}": file for file in own}.items():
        archive.add(file.resolve(), name)
    archive.add(_LIBRARY, str(_LIBRARY)[1:], filter=_leave_out)
    for path, text in scripts.items():
        script = tarfile.TarInfo(path[1:])
        script.size, script.mode = len(text), 0o755
        archive.addfile(script, io.BytesIO(text.encode()))


def _link(name: str, target: str) -> tarfile.TarInfo:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, target
    return link


def _folder(name: str, mode: int, owner: int = 0) -> tarfile.TarInfo:
    folder = tarfile.TarInfo(name)
    folder.type, folder.mode = tarfile.DIRTYPE, mode
    folder.uid = folder.gid = owner
    return folder


def _for_everybody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Have root own it and everybody read it."""
    entry.uid = entry.gid = 0
    entry.mode |= 0o555 if entry.isdir() or entry.mode & 0o100 else 0o444
    return entry


def libraries(files: Iterable[Path]) -> list[Path]:
    """Return the libraries that programs load, and their loader."""
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, check=True).stdout
    return sorted({Path(path) for path in re.findall(r"\s(/\S+) \(0x", said)})


def _below_usr(file: Path) -> Path:
    return file.relative_to("/usr" if file.is_relative_to("/usr") else "/")


def _leave_out(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _UNUSED.search(entry.name) else entry
