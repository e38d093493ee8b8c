"""A PDK from one archive: a tar of a version's folder, packed with zstd, xz or gzip, or a zip.

Nothing is written through a link: files and folders come first, links when all of them are there,
and only links that end within the PDK are kept (staging.check_links).
"""

import os
import re
from pathlib import Path

from app.pdks.trouble import PdkError
from app.projects.archives import Limits, RefusedError
from app.projects.archives.entries import Kind, Member
from app.projects.archives.formats import members
from app.projects.archives.limits import Budget
from app.projects.archives.names import relative_parts
from app.toolchains.files import read_text
from app.toolchains.librelane.pdks import variants

#: A family with all its libraries is some 5 GB in 100,000 files.
_LIMITS = Limits(total_bytes=64 << 30, file_bytes=16 << 30, entries=2_000_000, ratio=1000)
_HASH = re.compile(r"[0-9a-f]{40}")


def unpack(archive: Path, into: Path) -> Path:
    """Unpack into a new folder; return the folder in it that holds the variants.

    Raises PdkError for what is no such archive, and OSError.
    """
    links: dict[Path, str] = {}
    try:
        with archive.open("rb") as file:
            for member in members(file, Budget(_LIMITS)):
                _take(member, into, links)
    except RefusedError as error:
        raise PdkError(f"{archive} is not taken: {error.detail}") from None
    for path, target in links.items():
        if os.path.lexists(path):
            raise PdkError(f"{archive} is not taken: {path.relative_to(into)} is there twice.")
        path.symlink_to(target)
    return _top(into)


def version_of(folder: Path) -> str | None:
    """Return the version that an unpacked PDK says it is: by its folder's name, or SOURCES."""
    if _HASH.fullmatch(folder.name):
        return folder.name
    sources = (path / "SOURCES" for path in variants(folder))
    texts = [read_text(file.parent, file.name, 4096) for file in sources]
    found = {word for text in texts for word in _HASH.findall(text)}
    return found.pop() if len(found) == 1 else None


def _take(member: Member, into: Path, links: dict[Path, str]) -> None:
    parts = relative_parts(member.name)
    if not parts:
        return
    path = into.joinpath(*parts)
    if path in links or any(parent in links for parent in path.parents):
        raise RefusedError("is there twice, or lies below a link.", member.name)
    try:
        _put(member, path, into, links)
    except (FileExistsError, NotADirectoryError):
        raise RefusedError("is there twice, as different things.", member.name) from None


def _put(member: Member, path: Path, into: Path, links: dict[Path, str]) -> None:
    if member.kind is Kind.FOLDER:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.kind is Kind.SYMLINK:
        links[path] = member.target
    elif member.kind is Kind.HARDLINK:
        _link(member, path, into)
    else:
        _LIMITS.check_file(member.size, member.name)
        with path.open("xb") as file:
            for chunk in member.chunks:
                file.write(chunk)


def _link(member: Member, path: Path, into: Path) -> None:
    target = into.joinpath(*relative_parts(member.target))
    if not target.is_file():
        raise RefusedError("is a hard link to no file before it.", member.name)
    path.hardlink_to(target)


def _top(into: Path) -> Path:
    """Return the folder with the variants, which may lie in one of the version's name."""
    inner = list(into.iterdir())
    alone = len(inner) == 1 and inner[0].is_dir() and not inner[0].is_symlink()
    return inner[0] if alone and not any(variants(into)) else into
