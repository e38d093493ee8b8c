"""The object store: a folder on one machine, S3 (or what speaks it) on many."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO
from urllib.parse import urlsplit

import obstore
from obstore.store import LocalStore, ObjectStore, S3Store

from app.core.settings import Settings

#: Bytes handed on at a time when an object is streamed.
CHUNK = 1 << 20


@dataclass(frozen=True)
class Opened:
    """An object being read: its size in bytes and its bytes in order."""

    size: int
    chunks: Iterator[bytes]


class Store:
    """Objects by key. A missing key is a FileNotFoundError; other faults are obstore's errors."""

    def __init__(self, backend: ObjectStore) -> None:
        self._backend = backend

    def put(self, key: str, data: bytes) -> None:
        """Write `data` under `key` in one go: readers see the old object or the new one."""
        obstore.put(self._backend, key, data)

    def put_open_file(self, key: str, file: BinaryIO) -> None:
        """Write what `file` holds from its position on, in parts when it is large."""
        obstore.put(self._backend, key, file)

    def put_chunks(self, key: str, chunks: Iterator[bytes]) -> None:
        """Write what `chunks` gives, in parts: the object is there when all of it is."""
        obstore.put(self._backend, key, chunks)

    def get(self, key: str) -> bytes:
        """Return the whole object; for small ones."""
        return bytes(obstore.get(self._backend, key).bytes())

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return up to `length` bytes from `start`; empty at or beyond the end."""
        length = min(length, self.size(key) - start)
        if length <= 0:
            return b""
        return bytes(obstore.get_range(self._backend, key, start=start, length=length))

    def open(self, key: str) -> Opened:
        """Open an object for streaming."""
        result = obstore.get(self._backend, key)
        chunks = (bytes(chunk) for chunk in result.stream(min_chunk_size=CHUNK))
        return Opened(result.meta["size"], chunks)

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

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys below `prefix`."""
        for batch in obstore.list(self._backend, prefix=prefix):
            for meta in batch:
                yield meta["path"]

    def check(self) -> None:
        """Raise unless an object can be written and read."""
        self.put("health/check", b"ok")
        self.get("health/check")


def make_store(settings: Settings) -> Store:
    """Open the store that `settings.store` names."""
    url = urlsplit(settings.store)
    if url.scheme == "file":
        return Store(LocalStore(url.path, mkdir=True))
    if url.scheme == "s3":
        return Store(_s3(settings, bucket=url.netloc, prefix=url.path.strip("/")))
    raise ValueError(f"A6HUB_STORE_URL must begin with file:// or s3://, not {settings.store!r}")


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
