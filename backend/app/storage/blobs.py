"""Content-addressed bytes: the same file in a hundred builds is stored once.

Keys: `blobs/sha256/ab/abcd...`, where `abcd...` is the SHA-256 of the content.
"""

import hashlib
from collections.abc import Iterator

from app.storage.store import CHUNK, Store


def digest_of(data: bytes) -> str:
    """Return the name of `data`: the hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def blob_key(digest: str) -> str:
    """Return the key of a blob."""
    return f"blobs/sha256/{digest[:2]}/{digest}"


def put_blob(store: Store, data: bytes) -> str:
    """Keep `data` and return its digest."""
    digest = digest_of(data)
    if not store.exists(blob_key(digest)):
        store.put(blob_key(digest), data)
    return digest


def put_blob_chunks(store: Store, digest: str, size: int, chunks: Iterator[bytes]) -> None:
    """Keep a blob of known digest and size in bytes, unless it is kept already."""
    if store.exists(blob_key(digest)):
        return
    if size <= CHUNK:
        store.put(blob_key(digest), b"".join(chunks))
    else:
        store.put_chunks(blob_key(digest), chunks)


def get_blob(store: Store, digest: str) -> bytes:
    """Return the content; FileNotFoundError when the store has lost it."""
    return store.get(blob_key(digest))
