"""Reading files that a job's programs have made.

They are somebody else's: a name may be a link out of the job's folder, a FIFO that blocks its
reader or a file of many gigabytes, and may change while we look. Nothing here follows a link: not
in a file's way from `root` on, nor at `root` itself and the folder that holds it, which for
run/build/ may both have been put there by the job.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from app.executors.folders import walk
from app.toolchains.base import CollectedFile

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MOST_ENTRIES = 200_000


@dataclass(frozen=True)
class Found:
    """A plain file below a folder: its path relative to it, size in bytes and time of change."""

    name: str
    size: int
    changed: float


def open_plain(root: Path, name: str) -> BufferedReader | None:
    """Open the plain file `name` below `root`, no part of it a link; None if there is none."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or name.startswith("/"):
        return None
    try:
        descriptor = _walk(root, parts)
    except (OSError, ValueError):  # ValueError: no file has such a name
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def _walk(root: Path, parts: tuple[str, ...]) -> int:
    folder = os.open(root.parent, _FOLDER)
    try:
        for part in (root.name, *parts[:-1]):
            below = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(parts[-1], _FILE, dir_fd=folder)
    finally:
        os.close(folder)


def read_text(root: Path, name: str, most: int = 1 << 20) -> str:
    """Return the first `most` bytes of a file as text; '' if there is no such file."""
    handle = open_plain(root, name)
    if handle is None:
        return ""
    with handle:
        return handle.read(most).decode(errors="replace")


def read_json(root: Path, name: str, most: int = 64 << 20) -> Any:
    """Return what a JSON file holds; None if it is missing, longer than `most` or broken."""
    text = read_text(root, name, most)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_linked(root: Path) -> bool:
    """Return whether a folder, or the one that holds it, is a link."""
    return root.is_symlink() or root.parent.is_symlink()


def plain_files(root: Path) -> Iterator[Found]:
    """Yield the plain files below `root` that have one name, among the first 200,000 entries.

    A name that is no UTF-8 fits into no table and no JSON: such a file is left out.
    """
    if is_linked(root):
        return
    begin = len(os.fspath(root)) + 1
    for entry in islice(walk(root), _MOST_ENTRIES):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        name = entry.path[begin:]
        if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and _is_text(name):
            yield Found(name, status.st_size, status.st_mtime)


def _is_text(name: str) -> bool:
    """Return whether a file's name is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


class Selection:
    """Files chosen as artifacts, up to a number and a total size; counts those left out."""

    def __init__(self, most_files: int = 2000, most_bytes: int = 8 << 30) -> None:
        self.left_out = 0
        self._files: dict[str, CollectedFile] = {}
        self._room = most_bytes
        self._most_files = most_files

    def add(self, root: Path, found: Found, name: str, kind: str) -> None:
        """Choose a file below `root` as the artifact `name`, unless the name is taken."""
        if name in self._files:
            return
        if len(self._files) >= self._most_files or found.size > self._room:
            self.left_out += 1
            return
        self._room -= found.size
        self._files[name] = CollectedFile(root / found.name, name, kind)

    def add_all(self, root: Path, prefix: str, kind_of: Callable[[str], str | None]) -> None:
        """Choose the files below `root` to which `kind_of` gives a kind, by their names."""
        for found in plain_files(root):
            kind = kind_of(found.name)
            if kind is not None:
                self.add(root, found, prefix + found.name, kind)

    @property
    def files(self) -> tuple[CollectedFile, ...]:
        """The chosen files, by name."""
        return tuple(self._files[name] for name in sorted(self._files))
