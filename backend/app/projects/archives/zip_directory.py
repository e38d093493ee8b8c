"""The directory of a zip file (PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from app.projects.archives.limits import Budget
from app.projects.archives.names import decode_name
from app.projects.archives.refusal import RefusedError, TooMuchError

STORED, DEFLATED = 0, 8
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MOST_COMMENT = 0xFFFF
_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
_SIZES_FOLLOW = 1 << 3
_IN_64 = 0xFFFFFFFF
_LONGEST_NAME = 4096
_NO_END = "is cut off, or not a zip file: it has no directory at its end."
_CONTRADICTS = "contradicts itself: the directory says something else than the entry."
_BROKEN = "has a broken directory."


@dataclass(frozen=True)
class Record:
    """An entry as the directory has it. Sizes and places are bytes from the file's beginning."""

    raw: bytes
    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    mode: int  # of Unix; 0 where it is not told
    header: int
    data: int = 0  # where its bytes begin

    @property
    def is_encrypted(self) -> bool:
        """Whether a password is needed."""
        return bool(self.flags & _ENCRYPTED)


def read_directory(file: BinaryIO, budget: Budget) -> Iterator[Record]:
    """Return the entries by their place in the file; RefusedError if they do not lie apart."""
    count, begin, end = _find(file)
    if count > budget.limits.entries:  # before a record of them is read
        raise TooMuchError(f"holds more than {budget.limits.entries} entries.")
    file.seek(begin)
    records = [_central(file, budget) for _ in range(count)]
    if file.tell() != end:
        raise RefusedError(_BROKEN)
    return _apart(file, sorted(records, key=lambda record: record.header), begin)


def _find(file: BinaryIO) -> tuple[int, int, int]:
    """Return how many entries the directory has, and where it begins and ends."""
    size = file.seek(0, 2)
    start = max(0, size - _END.size - _MOST_COMMENT)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise RefusedError(_NO_END)
    _, disk, first_disk, here, count, length, begin, comment = _END.unpack_from(tail, at)
    if at + _END.size + comment != len(tail):
        raise RefusedError(_NO_END)
    if disk or first_disk or here != count:
        raise RefusedError("is one of several parts; pack it as one.")
    end = start + at
    sixty_four = _find_64(file, end)
    if sixty_four is not None:
        count, length, begin, end = sixty_four
    if begin + length != end:
        raise RefusedError(_BROKEN)
    return count, begin, end


def _find_64(file: BinaryIO, end: int) -> tuple[int, int, int, int] | None:
    """Return count, length, begin and end of the directory as a zip64 file tells them."""
    if end < _LOCATOR.size + _END64.size:
        return None
    file.seek(end - _LOCATOR.size)
    magic, _, place, _ = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if magic != b"PK\x06\x07":
        return None
    if place + _END64.size + _LOCATOR.size > end:
        raise RefusedError(_BROKEN)
    file.seek(place)
    magic, *_, here, count, length, begin = _END64.unpack(file.read(_END64.size))
    if magic != b"PK\x06\x06" or here != count:
        raise RefusedError(_BROKEN)
    return count, length, begin, place


def _central(file: BinaryIO, budget: Budget) -> Record:
    fields = _unpack(file, _CENTRAL, b"PK\x01\x02")
    _, _, _, flags, method, _, _, crc, packed, size, *lengths, _, attributes, header = fields
    named, extra_length, comment, disk = lengths
    budget.count_entry()
    raw = _read(file, named)
    if named > _LONGEST_NAME or disk:
        raise RefusedError(_BROKEN)
    extra = _read(file, extra_length)
    _read(file, comment)
    name = decode_name(raw)
    record = Record(raw, name, flags, method, crc, packed, size, attributes >> 16, header)
    return _with_64(record, extra)


def _with_64(record: Record, extra: bytes) -> Record:
    """Take what did not fit 32 bits from the extra field; it is there in this order."""
    values = iter(_extra_64(extra))
    told = (record.size, record.packed, record.header)
    size, packed, header = [next(values, None) if at == _IN_64 else at for at in told]
    if size is None or packed is None or header is None:
        raise RefusedError(_BROKEN, record.name)
    return replace(record, size=size, packed=packed, header=header)


def _extra_64(extra: bytes) -> list[int]:
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == 1:
            return [number for (number,) in struct.iter_unpack("<Q", body[: len(body) // 8 * 8])]
    return []


def _apart(file: BinaryIO, records: list[Record], end: int) -> Iterator[Record]:
    """Yield the entries with the places of their data, which must not overlap."""
    free = 0
    placed = []
    for record in records:
        if record.header < free:
            raise RefusedError("overlaps another entry.", record.name)
        placed.append(_with_place(file, record))
        free = placed[-1].data + record.packed
        if free > end:
            raise RefusedError("lies about its size: it reaches beyond its place.", record.name)
    return iter(placed)


def _with_place(file: BinaryIO, record: Record) -> Record:
    file.seek(record.header)
    fields = _unpack(file, _LOCAL, b"PK\x03\x04", record.name)
    _, _, flags, method, _, _, crc, packed, size, named, extra = fields
    same = (flags, method, _read(file, named)) == (record.flags, record.method, record.raw)
    told = flags & _SIZES_FOLLOW or (
        crc == record.crc and packed in (record.packed, _IN_64) and size in (record.size, _IN_64)
    )
    if not same or not told:
        raise RefusedError(_CONTRADICTS, record.name)
    return replace(record, data=record.header + _LOCAL.size + named + extra)


def _unpack(
    file: BinaryIO, layout: struct.Struct, magic: bytes, entry: str | None = None
) -> tuple[int, ...]:
    data = file.read(layout.size)
    if len(data) < layout.size or not data.startswith(magic):
        raise RefusedError(_BROKEN, entry)
    return layout.unpack(data)


def _read(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise RefusedError(_BROKEN)
    return data
