"""A file that is one backup."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.backups.places import Place
from app.storage.store import CHUNK

FILE_ENDING = ".tar"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class NewFile(Place):
    """A tar file that is written: it gets its name when the backup is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._file = os.fdopen(os.open(self._part, _NEW, 0o600), "wb")
        self._tar = tarfile.open(fileobj=self._file, mode="w")  # noqa: SIM115 - see close()
        self._sizes: dict[str, int] = {}

    def size(self, key: str) -> int | None:
        """Return the size of an object, or None."""
        return self._sizes.get(key)

    def put(self, key: str, file: BinaryIO, size: int) -> None:
        """Keep an object."""
        header = tarfile.TarInfo(key)
        header.size = size
        self._tar.addfile(header, file)
        self._sizes[key] = size

    def open(self, key: str) -> Iterator[bytes]:
        """Yield the bytes of an object."""
        raise FileNotFoundError(key)

    def names(self) -> list[str]:
        """Return the names of the whole backups."""
        return []

    def finish(self, name: str, manifest: bytes) -> None:
        """Make the backup whole, and give the file its name."""
        super().finish(name, manifest)
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.rename(self._path)

    def close(self) -> None:
        """Leave nothing behind that is not whole."""
        self._file.close()
        self._part.unlink(missing_ok=True)


class OldFile(Place):
    """A tar file that is read. No member's name is ever used as a path."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "r:")  # noqa: SIM115 - open as long as this is used
        self._members = {member.name: member for member in self._tar if member.isfile()}

    def size(self, key: str) -> int | None:
        """Return the size of an object, or None."""
        return self._members[key].size if key in self._members else None

    def put(self, key: str, file: BinaryIO, size: int) -> None:
        """Refuse: a backup that is read takes nothing."""
        raise io.UnsupportedOperation(f"{key} cannot be added to a backup that is read")

    def open(self, key: str) -> Iterator[bytes]:
        """Yield the bytes of an object."""
        member = self._tar.extractfile(self._members[key]) if key in self._members else None
        if member is None:
            raise FileNotFoundError(key)
        return iter(lambda: member.read(CHUNK), b"")

    def names(self) -> list[str]:
        """Return the names of the whole backups."""
        return sorted(Path(key).stem for key in self._members if key.startswith("backups/"))

    def close(self) -> None:
        """Close the file."""
        self._tar.close()
