"""What archives are made of: members as a format has them, entries as they are handed out."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field


class Kind(enum.Enum):
    """What a member says it is."""

    FILE = "file"
    FOLDER = "folder"
    SYMLINK = "symbolic link"
    HARDLINK = "hard link"


@dataclass(frozen=True)
class Member:
    """An entry as the archive has it: nothing of it is to be trusted. `size` in bytes, as told."""

    name: str
    kind: Kind
    size: int = 0
    target: str = ""  # of a link
    chunks: Iterator[bytes] = field(default_factory=lambda: iter(()))


@dataclass(frozen=True)
class File:
    """A file; its chunks can be read until the next entry is asked for."""

    path: str
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Copy:
    """A file with the content of `of`: what was a link within the archive."""

    path: str
    of: str


@dataclass(frozen=True)
class LeftOut:
    """What is not taken, and why: 'top/.git', 'belongs to version control'."""

    path: str
    reason: str


Entry = File | Copy | LeftOut
