"""A container image made on the spot from this machine's programs: no registry is needed."""

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
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
    client: docker.APIClient, without: Iterable[str] = (), changes: Iterable[str] = ()
) -> str:
    """Return the digest of a new image of small programs, with a Dockerfile's `changes`."""
    programs = [_found(name) for name in _PROGRAMS if name not in set(without)]
    said = client.import_image_from_data(_archive(programs), changes=list(changes))
    found = re.search(r"sha256:[0-9a-f]{64}", said)
    assert found, said
    return found[0]


def _found(name: str) -> Path:
    path = shutil.which(name, path="/usr/bin:/bin")
    assert path, name
    return Path(path)


def _archive(programs: list[Path]) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name in ("bin", "sbin", "lib", "lib64"):
            archive.addfile(_link(name, f"usr/{name}"))
        for file in (*programs, *_libraries([*programs, *_LIBRARY.glob("lib-dynload/*.so")])):
            archive.add(file.resolve(), f"usr/{_below_usr(file)}")
        archive.add(_LIBRARY, str(_LIBRARY)[1:], filter=_leave_out)
    return data.getvalue()


def _link(name: str, target: str) -> tarfile.TarInfo:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, target
    return link


def _libraries(files: Iterable[Path]) -> list[Path]:
    """Return the libraries that programs load, and their loader."""
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, check=True).stdout
    return sorted({Path(path) for path in re.findall(r"\s(/\S+) \(0x", said)})


def _below_usr(file: Path) -> Path:
    return file.relative_to("/usr" if file.is_relative_to("/usr") else "/")


def _leave_out(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _UNUSED.search(entry.name) else entry
