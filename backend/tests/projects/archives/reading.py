"""Reading an archive in a test."""

import io
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.projects.archives import Copy, File, LeftOut, Limits, RefusedError, read_archive

LIMITS = Limits(total_bytes=64 << 20, file_bytes=16 << 20, entries=1000, ratio=200)


@dataclass
class Read:
    """All that came out of an archive."""

    files: dict[str, bytes] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def read(data: bytes, limits: Limits = LIMITS) -> Read:
    found = Read()
    for entry in read_archive(io.BytesIO(data), limits):
        match entry:
            case File(path, chunks):
                assert path not in found.files
                found.files[path] = b"".join(chunks)
            case Copy(path, of):
                assert of in found.files
                found.copies[path] = of
            case LeftOut(path, reason):
                found.left_out[path] = reason
    return found


def refusal(data: bytes, **limits: Any) -> str:
    """The message with which an archive is refused."""
    given = {name: getattr(LIMITS, name) for name in ("total_bytes", "file_bytes", "entries")}
    with pytest.raises(RefusedError) as refused:
        read(data, Limits(**(given | {"ratio": LIMITS.ratio} | limits)))
    assert refused.value.errors[0].message in refused.value.detail
    return refused.value.detail
