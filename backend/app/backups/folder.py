"""A folder of backups, which share what they have in common."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from obstore.store import LocalStore

from app.backups.places import Place, manifest_key
from app.core.errors import ConflictError
from app.storage.store import Entry, Store

_LOCK = "lock"
#: Below the manifests, so that a folder has no more in it than it had.
_READING = "backups/reading.lock"


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
