"""Content-addressed bytes: the same file in a hundred builds is stored once.

Keys: `blobs/sha256/ab/abcd...`, where `abcd...` is the SHA-256 of the content.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.storage.freshness import is_kept
from app.storage.store import CHUNK, Store

#: Of a file that is copied, what is not written to the disk, in bytes.
_IN_MEMORY = 8 << 20


def digest_of(data: bytes) -> str:
    """Return the name of `data`: the hexadecimal SHA-256."""
    return hashlib.sha256(data).hexdigest()


def blob_key(digest: str) -> str:
    """Return the key of a blob."""
    return f"blobs/sha256/{digest[:2]}/{digest}"


def put_blob(store: Store, data: bytes) -> str:
    """Keep `data` and return its digest."""
    digest = digest_of(data)
    if not is_kept(store, blob_key(digest)):
        store.put(blob_key(digest), data)
    return digest


def put_blob_chunks(store: Store, digest: str, size: int, chunks: Iterator[bytes]) -> None:
    """Keep a blob of known digest and size in bytes, unless it is kept already."""
    if is_kept(store, blob_key(digest)):
        return
    if size <= CHUNK:
        store.put(blob_key(digest), b"".join(chunks))
    else:
        store.put_chunks(blob_key(digest), chunks)


def put_blob_file(store: Store, file: BinaryIO, most_bytes: int, spool: Path) -> tuple[str, int]:
    """Keep up to `most_bytes` of `file` from its position on; return their digest and number.

    The file is copied first, a large one into the folder `spool`: somebody may write to it
    meanwhile, without end too, and a blob must be what its name says.
    """
    digest, size = hashlib.sha256(), 0
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(spool)) as copy:
        while chunk := file.read(min(CHUNK, most_bytes - size)):
            digest.update(chunk)
            size += len(chunk)
            copy.write(chunk)
        copy.seek(0)
        put_blob_chunks(store, digest.hexdigest(), size, iter(lambda: copy.read(CHUNK), b""))
    return digest.hexdigest(), size


def copy_blob(store: Store, digest: str, target: BinaryIO) -> None:
    """Write a blob's content to `target`.

    FileNotFoundError when the store has lost it, ValueError when it is not what its name says.
    """
    found = hashlib.sha256()
    for chunk in store.open(blob_key(digest)).chunks:
        found.update(chunk)
        target.write(chunk)
    if found.hexdigest() != digest:
        raise ValueError(f"the store's blob {digest} holds something else")


def get_blob(store: Store, digest: str) -> bytes:
    """Return the content; FileNotFoundError when the store has lost it."""
    return store.get(blob_key(digest))
