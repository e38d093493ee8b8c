"""Decompressed bytes in order, a little at a time, counted as they come out."""

import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from app.projects.archives.limits import Budget
from app.projects.archives.refusal import RefusedError, TooMuchError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHUNK = 1 << 16
#: What unpacking may take of memory, in bytes: what `xz -9` needs, and half of what zstd can ask.
_XZ_MEMORY = 80 << 20
_ZSTD_WINDOW_LOG = 26  # 64 MiB
#: More are not made by any packer of files this small; and each costs time without giving a byte.
_MOST_MEMBERS = 10_000
_TRUNCATED = "is cut off; send all of it."


class Decompressor(Protocol):
    """Python's own interface, as lzma and zstd have it."""

    @property
    def eof(self) -> bool:
        """Whether the compressed data has come to its own end."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out before something is put in."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What came after the end."""
        ...

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Return at most `max_length` bytes."""
        ...


class _Gunzip:
    """The same interface over zlib, which checks length and CRC at the end."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)
        self._full = False

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail and not self._full

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        # zlib may have taken all input and still hold output back.
        self._full = len(out) == max_length
        return out


@dataclass(frozen=True)
class Packing:
    """A way to compress; `make` begins a new member."""

    name: str
    magics: tuple[bytes, ...]
    make: Callable[[], Decompressor]
    error: type[Exception]

    def begins(self, data: bytes) -> bool:
        """Return whether `data` begins as this packing does."""
        return data.startswith(self.magics)


def _unzstd() -> Decompressor:
    return zstd.ZstdDecompressor(
        options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
    )


def _unxz() -> Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


GZIP = Packing("gzip", (b"\x1f\x8b",), _Gunzip, zlib.error)
XZ = Packing("xz", (b"\xfd7zXZ\x00",), _unxz, lzma.LZMAError)
#: Its second kind of beginning is a frame to be skipped, which parallel packers put first.
ZSTANDARD = Packing(
    "zstd",
    (b"\x28\xb5\x2f\xfd", *(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60))),
    _unzstd,
    zstd.ZstdError,
)


def plain_pieces(file: BinaryIO, budget: Budget) -> Iterator[bytes]:
    """Yield a file's own bytes."""
    while piece := file.read(CHUNK):
        budget.count_bytes(len(piece))
        yield piece


def packed_pieces(file: BinaryIO, packing: Packing, budget: Budget) -> Iterator[bytes]:
    """Yield what is packed in a file, in pieces of at most 64 KiB, none of them empty.

    Members that follow one another are one, as for the packers' own programs. RefusedError for
    broken data, at its place.
    """
    source = _Source(file)
    for _ in range(_MOST_MEMBERS):
        for piece in _member(source, packing):
            budget.count_bytes(len(piece))
            budget.check_ratio(source.taken)
            yield piece
        if source.is_at_end(packing):
            return
    raise TooMuchError(f"is packed in more than {_MOST_MEMBERS} parts.")


def _member(source: "_Source", packing: Packing) -> Iterator[bytes]:
    unpacker = packing.make()
    try:
        while not unpacker.eof:
            data = source.read() if unpacker.needs_input else b""
            if unpacker.needs_input and not data:
                raise RefusedError(_TRUNCATED)
            piece = unpacker.decompress(data, CHUNK)
            if piece:
                yield piece
    except (packing.error, EOFError) as error:
        raise RefusedError(f"cannot be unpacked: {packing.name} says {error}.") from None
    source.give_back(unpacker.unused_data)


class _Source:
    """A packed file. `taken` counts the bytes that have been read of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._rest = b""
        self.taken = 0

    def read(self) -> bytes:
        if self._rest:
            data, self._rest = self._rest, b""
            return data
        data = self._file.read(CHUNK)
        self.taken += len(data)
        return data

    def give_back(self, data: bytes) -> None:
        self._rest = data

    def is_at_end(self, packing: Packing) -> bool:
        """Return whether nothing follows but padding with zeros; False before another member."""
        while data := self.read():
            data = data.lstrip(b"\x00")
            if data:
                # A whole magic, of which the beginning may be all that has been read.
                self._rest = data + self._file.read(8)
                if not packing.begins(self._rest):
                    raise RefusedError("has something after its end.")
                return False
        return True


class Stream:
    """Pieces read as one."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, most: int) -> bytes:
        """Return up to `most` bytes; none only at the end."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
        data, self._rest = self._rest[:most], self._rest[most:]
        return data

    def exactly(self, count: int, entry: str | None = None) -> bytes:
        """Return `count` bytes; RefusedError if there are fewer."""
        return b"".join(self.chunks(count, entry))

    def chunks(self, count: int, entry: str | None = None) -> Iterator[bytes]:
        """Yield `count` bytes in pieces; RefusedError if there are fewer."""
        while count:
            piece = self.read(count)
            if not piece:
                raise RefusedError(_TRUNCATED, entry)
            count -= len(piece)
            yield piece
