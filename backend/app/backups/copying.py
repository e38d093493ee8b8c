"""Copying objects with a check of their digests."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, cast

#: Of an object that is copied, what is not written to the disk, in bytes.
_IN_MEMORY = 8 << 20


@dataclass(frozen=True)
class Fetched:
    """An object as a file at its beginning, with its digest and its size in bytes."""

    file: BinaryIO
    digest: str
    size: int


@contextmanager
def fetched(chunks: Iterable[bytes]) -> Iterator[Fetched]:
    """Yield what `chunks` give: all of it is here before any of it is written elsewhere."""
    digest, size = sha256(), 0
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.seek(0)
        yield Fetched(cast("BinaryIO", file), digest.hexdigest(), size)
