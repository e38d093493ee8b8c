"""The object store: a folder on one machine, S3 (or what speaks it) on many."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from app.core.settings import Settings

#: Bytes handed on at a time when an object is streamed.
CHUNK = 1 << 20

#: The errors that this process has met, by what was asked for. A missing object is none.
errors_met: Counter[str] = Counter()
OPERATIONS = ("put", "get", "look", "list", "delete")


@contextlib.contextmanager
def _noting(operation: str) -> Iterator[None]:
    """Count the error of what is asked for in this block, or by this function."""
    try:
        yield
    except BaseError:
        errors_met[operation] += 1
        raise


@dataclass(frozen=True)
class Entry:
    """An object as it is listed: its key, its size in bytes and when it was written last."""

    key: str
    size: int
    written: datetime


@dataclass(frozen=True)
class Opened:
    """An object being read: its size in bytes and its bytes in order."""

    size: int
    chunks: Iterator[bytes]


class Store:
    """Objects by key. A missing key is a FileNotFoundError; other faults are obstore's errors."""

    def __init__(self, backend: ObjectStore) -> None:
        self._backend = backend

    @_noting("put")
    def put(self, key: str, data: bytes) -> None:
        """Write `data` under `key` in one go: readers see the old object or the new one."""
        obstore.put(self._backend, key, data)

    @_noting("put")
    def put_open_file(self, key: str, file: BinaryIO) -> None:
        """Write what `file` holds from its position on, in parts when it is large."""
        obstore.put(self._backend, key, file)

    @_noting("put")
    def put_chunks(self, key: str, chunks: Iterator[bytes]) -> None:
        """Write what `chunks` gives, in parts: the object is there when all of it is."""
        obstore.put(self._backend, key, chunks)

    @_noting("get")
    def get(self, key: str) -> bytes:
        """Return the whole object; for small ones."""
        return bytes(obstore.get(self._backend, key).bytes())

    @_noting("get")
    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return up to `length` bytes from `start`; empty at or beyond the end."""
        size = self.size(key)
        length = min(length, size - start)
        if length <= 0:
            return b""
        if length == size:  # some servers answer such a range as they do a plain request
            return self.get(key)
        return bytes(obstore.get_range(self._backend, key, start=start, length=length))

    @_noting("get")
    def open(self, key: str) -> Opened:
        """Open an object for streaming."""
        result = obstore.get(self._backend, key)
        return Opened(result.meta["size"], _stream(result))

    @_noting("look")
    def size(self, key: str) -> int:
        """Return the object's size in bytes."""
        return obstore.head(self._backend, key)["size"]

    def exists(self, key: str) -> bool:
        """Return whether there is an object `key`."""
        try:
            self.size(key)
        except FileNotFoundError:
            return False
        return True

    @_noting("look")
    def written(self, key: str) -> datetime | None:
        """Return when an object was written last, by the store's clock; None if there is none."""
        try:
            return obstore.head(self._backend, key)["last_modified"]
        except FileNotFoundError:
            return None

    def entries(self, prefix: str) -> Iterator[Entry]:
        """Yield the objects below `prefix`."""
        with _noting("list"):
            for batch in obstore.list(self._backend, prefix=prefix):
                for meta in batch:
                    yield Entry(meta["path"], meta["size"], meta["last_modified"])

    @_noting("list")
    def folders(self, prefix: str) -> list[str]:
        """Return the names of what a folder would hold as folders."""
        found = obstore.list_with_delimiter(self._backend, prefix=prefix)["common_prefixes"]
        return [path.rstrip("/").rpartition("/")[2] for path in found]

    @_noting("delete")
    def delete(self, key: str) -> None:
        """Remove an object; nothing if there is none."""
        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self._backend, key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below `prefix`."""
        return (entry.key for entry in self.entries(prefix))

    def check(self) -> None:
        """Raise unless an object can be written and read."""
        self.put("health/check", b"ok")
        self.get("health/check")


def _stream(result: "obstore.GetResult") -> Iterator[bytes]:
    with _noting("get"):
        for chunk in result.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)


def make_store(settings: Settings) -> Store:
    """Open the store that `settings.store` names."""
    url = urlsplit(settings.store)
    if url.scheme == "file":
        return Store(LocalStore(url.path, mkdir=True))
    return Store(_s3(settings, bucket=url.netloc, prefix=url.path.strip("/")))


def _s3(settings: Settings, bucket: str, prefix: str) -> S3Store:
    key, secret = settings.s3_access_key, settings.s3_secret_key
    options = {
        "endpoint": settings.s3_endpoint,
        "access_key_id": key.get_secret_value() if key else None,
        "secret_access_key": secret.get_secret_value() if secret else None,
    }
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=settings.s3_region,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True, "connect_timeout": timedelta(seconds=5)},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
        **{name: value for name, value in options.items() if value is not None},  # type: ignore[arg-type]
    )
