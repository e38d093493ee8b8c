"""Where backups are: a folder of many, which share what they have in common, or a file of one.

In both an object is under the digest of its content, and a backup is a manifest below `backups/`.
"""

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import BinaryIO

from app.core.errors import NotFoundError


def content_key(digest: str) -> str:
    """Return where content is in a backup."""
    return f"objects/sha256/{digest[:2]}/{digest}"


def manifest_key(name: str) -> str:
    """Return where the manifest of a backup is."""
    return f"backups/{name}.jsonl"


class Place(ABC):
    """A folder or a file with backups."""

    @abstractmethod
    def size(self, key: str) -> int | None:
        """Return the size of an object in bytes; None if it is not there."""

    @abstractmethod
    def put(self, key: str, file: BinaryIO, size: int) -> None:
        """Keep what `file` holds from its position on."""

    @abstractmethod
    def open(self, key: str) -> Iterator[bytes]:
        """Yield the bytes of an object; FileNotFoundError if it is not there."""

    @abstractmethod
    def names(self) -> list[str]:
        """Return the names of the whole backups, the newest last."""

    def finish(self, name: str, manifest: bytes) -> None:
        """Make a backup whole: all else is on the disk before its manifest is."""
        self.put(manifest_key(name), io.BytesIO(manifest), len(manifest))

    def manifest(self, name: str | None) -> bytes:
        """Return a manifest, by default the newest; NotFoundError when there is none such."""
        names = self.names()
        if not names or name not in (None, *names):
            there = ", ".join(names) or "none"
            raise NotFoundError(f"There is no whole backup {name or ''} here. There are: {there}.")
        return b"".join(self.open(manifest_key(name or names[-1])))
