"""Reading tar files: POSIX ustar and pax, and GNU's long names.

A tar is read once, from its beginning to its end. A header may speak of the entry after it (a long
name, a size), so what headers say is gathered until the entry itself comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.projects.archives.entries import Kind, Member
from app.projects.archives.limits import Budget
from app.projects.archives.names import decode_name
from app.projects.archives.refusal import RefusedError
from app.projects.archives.streams import Stream
from app.projects.archives.tar_header import BLOCK, Header, is_header, parse
from app.projects.archives.tar_pax import read_records

__all__ = ["BLOCK", "is_header", "members"]

#: What one header may say of another, in bytes: a name, an attribute list.
_MOST_TOLD = 1 << 16
_FILES = (b"0", b"\0", b"7")
_KINDS = {b"1": Kind.HARDLINK, b"2": Kind.SYMLINK, b"5": Kind.FOLDER}
_REFUSED = {
    b"3": "is a device, not a file.",
    b"4": "is a device, not a file.",
    b"6": "is a FIFO, not a file.",
    b"S": "is a sparse file; pack it without --sparse.",
    b"M": "is one of several parts; pack it as one.",
}


@dataclass
class _Told:
    """What the headers before an entry say of it."""

    name: bytes | None = None
    target: bytes | None = None
    size: int | None = None
    waiting: bool = field(default=False)


def members(stream: Stream, budget: Budget) -> Iterator[Member]:
    """Yield the members in their order; each one's chunks until the next is asked for."""
    told = _Told()
    while header := _next(stream):
        budget.count_entry()
        if header.kind in b"xgLK":
            _take(told, header, stream)
            continue
        yield from _member(header, told, stream)
        told = _Told()
    if told.waiting:
        raise RefusedError("ends after a name that no entry bears.")
    _check_end(stream)


def _next(stream: Stream) -> Header | None:
    """Return the next header, or None at the mark that ends the archive."""
    block = stream.exactly(BLOCK)
    return parse(block) if any(block) else None


def _member(header: Header, told: _Told, stream: Stream) -> Iterator[Member]:
    name = decode_name(told.name if told.name is not None else header.name)
    target = decode_name(told.target if told.target is not None else header.target)
    size = header.size if told.size is None else told.size
    kind = _kind(header, name)
    if kind is not Kind.FILE:
        if size:
            raise RefusedError(f"is a {kind.value}, but holds data.", name)
        yield Member(name, kind, target=target)
        return
    chunks = stream.chunks(size, name)
    yield Member(name, kind, size, chunks=chunks)
    for _ in chunks:
        pass
    stream.exactly(-size % BLOCK, name)


def _kind(header: Header, name: str) -> Kind:
    if header.kind in _FILES:
        # Before there was a mark for folders, the slash was it.
        return Kind.FOLDER if name.endswith("/") else Kind.FILE
    if header.kind in _KINDS:
        return _KINDS[header.kind]
    raise RefusedError(_REFUSED.get(header.kind, "is no file, folder or link."), name)


def _take(told: _Told, header: Header, stream: Stream) -> None:
    """Keep what a header says of the entry that follows."""
    if header.size > _MOST_TOLD:
        raise RefusedError(f"has a header of more than {_MOST_TOLD} bytes.")
    body = stream.exactly(header.size)
    stream.exactly(-header.size % BLOCK)
    if header.kind == b"g":
        _check_global(body)
        return
    told.waiting = True
    if header.kind == b"L":
        told.name = body.rstrip(b"\0")
    elif header.kind == b"K":
        told.target = body.rstrip(b"\0")
    else:
        _take_pax(told, body)


def _take_pax(told: _Told, body: bytes) -> None:
    records = read_records(body)
    told.name = records.get(b"path", told.name)
    told.target = records.get(b"linkpath", told.target)
    if b"size" in records:
        told.size = _size(records[b"size"])
    _check_dense(records)


def _check_dense(records: dict[bytes, bytes]) -> None:
    if any(key.startswith((b"GNU.sparse.", b"SCHILY.realsize")) for key in records):
        raise RefusedError("holds a sparse file; pack it without --sparse.")


def _check_global(body: bytes) -> None:
    """Let through what says nothing of names and sizes: git writes its commit there."""
    records = read_records(body)
    _check_dense(records)
    if records.keys() & {b"path", b"linkpath", b"size"}:
        raise RefusedError("gives all its entries one name or size.")


def _size(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 19:
        raise RefusedError("has a header with a broken size.")
    return int(digits)


def _check_end(stream: Stream) -> None:
    """Read to the very end, where the packing has its checksum."""
    while piece := stream.read(1 << 16):
        if piece.strip(b"\0"):
            raise RefusedError("has something after its end, as when two archives are joined.")
