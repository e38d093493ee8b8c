"""Reading zip files, strictly.

The directory at the end says what is there; each entry's own header has to say the same, entries
may not overlap, and what comes out must have the size and the CRC that were told. A file in which
any two places contradict each other is refused: what one program shows, another would unpack
otherwise.
"""

import stat
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from app.projects.archives.entries import Kind, Member
from app.projects.archives.limits import Budget
from app.projects.archives.refusal import RefusedError
from app.projects.archives.streams import CHUNK
from app.projects.archives.zip_directory import DEFLATED, STORED, Record, read_directory

_LONGEST_TARGET = 4096
_METHODS = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "zstd", 95: "xz", 98: "PPMd"}


def members(file: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Yield the members in the order in which they lie in the file."""
    for record in read_directory(file, budget):
        _check(record, budget)
        yield _member(file, record, budget)
    file.seek(0, 2)
    budget.check_ratio(file.tell())


def _check(record: Record, budget: Budget) -> None:
    if record.is_encrypted:
        raise RefusedError("is encrypted; pack it without a password.", record.name)
    if record.method not in (STORED, DEFLATED):
        method = _METHODS.get(record.method, f"method {record.method}")
        raise RefusedError(f"is packed with {method}; use deflate, the usual one.", record.name)
    if record.method == STORED and record.size != record.packed:
        raise RefusedError("lies about its size.", record.name)
    budget.limits.check_file(record.size, record.name)
    budget.limits.check_ratio(record.size, record.packed, record.name)


def _member(file: BinaryIO, record: Record, budget: Budget) -> Member:
    kind = _kind(record)
    chunks = _unpacked(file, record, budget)
    if kind is Kind.SYMLINK:
        return Member(record.name, kind, target=_target(record, chunks))
    if kind is Kind.FOLDER and record.size:
        raise RefusedError("is a folder, but holds data.", record.name)
    return Member(record.name, kind, record.size, chunks=chunks)


def _kind(record: Record) -> Kind:
    """Return the kind by the name and, where it is told, by the Unix mode."""
    kinds = {0: Kind.FILE, stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER}
    kind = (kinds | {stat.S_IFLNK: Kind.SYMLINK}).get(stat.S_IFMT(record.mode))
    if kind is None:
        raise RefusedError("is a device, a FIFO or a socket, not a file.", record.name)
    if not record.name.endswith("/"):
        return kind
    if kind is Kind.SYMLINK:
        raise RefusedError("is a folder by its name and a link by its mode.", record.name)
    return Kind.FOLDER


def _target(record: Record, chunks: Iterator[bytes]) -> str:
    if record.size > _LONGEST_TARGET:
        raise RefusedError(f"is a link of more than {_LONGEST_TARGET} bytes.", record.name)
    try:
        return b"".join(chunks).decode()
    except UnicodeDecodeError:
        raise RefusedError("is a link to a name that is not UTF-8.", record.name) from None


def _unpacked(file: BinaryIO, record: Record, budget: Budget) -> Iterator[bytes]:
    """Yield a file's content; RefusedError unless it is just what the directory told."""
    size = crc = 0
    packed = _packed(file, record)
    for chunk in packed if record.method == STORED else _inflated(packed, record):
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        if size > record.size:
            raise RefusedError("lies about its size: it holds more.", record.name)
        budget.count_bytes(len(chunk))
        yield chunk
    if size != record.size:
        raise RefusedError("lies about its size: it holds less.", record.name)
    if crc != record.crc:
        raise RefusedError("is damaged: its CRC is another.", record.name)


def _packed(file: BinaryIO, record: Record) -> Iterator[bytes]:
    place, end = record.data, record.data + record.packed
    while place < end:
        file.seek(place)  # each time: nobody says that only one member is read at a time
        piece = file.read(min(CHUNK, end - place))
        if not piece:
            raise RefusedError("is cut off; send all of it.", record.name)
        place += len(piece)
        yield piece


def _inflated(packed: Iterator[bytes], record: Record) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            if unpacker.eof:
                break
            yield from _all_of(unpacker.decompress, piece, lambda: unpacker.unconsumed_tail)
        yield unpacker.flush()
    except zlib.error as error:
        raise RefusedError(f"is damaged: {error}.", record.name) from None
    if not unpacker.eof:
        raise RefusedError("is damaged: its data ends too early.", record.name)
    if unpacker.unused_data or next(packed, b""):
        raise RefusedError("lies about its size: it is packed in less.", record.name)


def _all_of(
    decompress: Callable[[bytes, int], bytes], piece: bytes, left: Callable[[], bytes]
) -> Iterator[bytes]:
    """Yield all that comes of a piece, 64 KiB at a time."""
    while piece:
        yield decompress(piece, CHUNK)
        piece = left()
