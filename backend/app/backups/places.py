"""Where backups are: a folder of many, which share what they have in common, or a file of one.

In both an object is under the digest of its content, and a backup is a manifest below `backups/`.
"""

import fcntl
import io
import os
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from obstore.store import LocalStore

from app.core.errors import ConflictError, NotFoundError
from app.storage.store import CHUNK, Entry, Store

FILE_ENDING = ".tar"
_LOCK = "lock"
#: Below the manifests, so that a folder has no more in it than it had.
_READING = "backups/reading.lock"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


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


class Folder(Place):
    """A folder, made when it is not there."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = path
        self._store = Store(LocalStore(path))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep others from changing it meanwhile; ConflictError while one does."""
        with (self._path / _LOCK).open("ab") as lock:
            _take(lock, fcntl.LOCK_EX, "Another command is changing the backups here.")
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep others from removing backups meanwhile; ConflictError while one does.

        Where nothing can be written, or there is none, it goes without.
        """
        with ExitStack() as stack:
            with suppress(OSError):
                lock = stack.enter_context((self._path / _READING).open("a+b"))
                _take(lock, fcntl.LOCK_SH, "Backups here are just being removed.")
            yield

    @contextmanager
    def removing(self) -> Iterator[None]:
        """Keep others from changing and reading it meanwhile; ConflictError while one does."""
        (self._path / _READING).parent.mkdir(exist_ok=True, mode=0o700)
        with self.changing(), (self._path / _READING).open("a+b") as lock:
            _take(lock, fcntl.LOCK_EX, "A backup here is just being read.")
            yield

    def strange(self) -> str | None:
        """Return the name of something in it that is none of ours."""
        found = {path.name for path in self._path.iterdir()} - {"backups", "objects", _LOCK}
        return min(found, default=None)

    def objects(self) -> Iterator[Entry]:
        """Yield all that is kept for backups."""
        return self._store.entries("objects/")

    def remove(self, key: str) -> None:
        """Remove an object."""
        self._store.delete(key)

    def remove_backup(self, name: str) -> None:
        """Have a backup be none any more; what it named stays."""
        self._store.delete(manifest_key(name))
        os.sync()

    def size(self, key: str) -> int | None:
        """Return the size of an object, or None."""
        try:
            return self._store.size(key)
        except FileNotFoundError:
            return None

    def put(self, key: str, file: BinaryIO, size: int) -> None:
        """Keep an object."""
        self._store.put_open_file(key, file)

    def open(self, key: str) -> Iterator[bytes]:
        """Yield the bytes of an object."""
        return self._store.open(key).chunks

    def names(self) -> list[str]:
        """Return the names of the whole backups."""
        keys = self._store.keys("backups/")
        return sorted(Path(key).stem for key in keys if key.endswith(".jsonl"))

    def finish(self, name: str, manifest: bytes) -> None:
        """Make a backup whole."""
        os.sync()
        super().finish(name, manifest)
        os.sync()


def _take(lock: BinaryIO, kind: int, refusal: str) -> None:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConflictError(refusal) from error


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
