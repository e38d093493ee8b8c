"""Content-addressed bytes: the same file in a hundred builds is stored once.

Keys: `blobs/sha256/ab/abcd...`, where `abcd...` is the SHA-256 of the content.
"""

import hashlib

from app.storage.store import Store


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


def get_blob(store: Store, digest: str) -> bytes:
    """Return the content; FileNotFoundError when the store has lost it."""
    return store.get(blob_key(digest))
