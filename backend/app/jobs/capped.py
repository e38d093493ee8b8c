"""A file that grows to a cap; of what comes after that the last bytes are kept.

While the output goes on, `output.log` holds its head and `output.tail` a ring with its tail. Both
are written at once and to their places, so they outlive a writer that is killed. complete_log()
puts the tail behind the head, with a marker between them.
"""

import os
import struct
from pathlib import Path

#: The head's bytes, the ring's bytes, those to keep, and all that came after the head.
_HEADER = struct.Struct("<QQQQ")
#: What is written into the ring at once. The ring has room for so much more than it has to keep:
#: a write that is cut short spoils nothing that counts.
_STEP = 64 << 10


class CappedFile:
    """Writes output: a head as it comes, then a tail."""

    def __init__(self, path: Path, head_bytes: int, tail_bytes: int) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)
        self._head_bytes = head_bytes
        self._room = head_bytes
        self._tail_bytes = tail_bytes
        self._tail: _Ring | None = None

    def write(self, data: bytes) -> None:
        """Add output."""
        if self._room:
            head, data = data[: self._room], data[self._room :]
            _write_all(self._file.fileno(), head)
            self._room -= len(head)
        if data:
            if self._tail is None:
                self._tail = _Ring(_tail_of(self._path), self._head_bytes, self._tail_bytes)
            self._tail.write(data)

    def close(self) -> None:
        """Put the tail behind the head, if output went beyond the head; once."""
        if self._file.closed:
            return
        if self._tail is not None:
            self._tail.close()
            complete_log(self._path)
        self._file.close()


def complete_log(path: Path) -> None:
    """Add marker and tail to a log whose writer has ended; may be cut short and done again."""
    tail = _tail_of(path)
    if not tail.is_file():
        return
    data = tail.read_bytes()
    if len(data) > _HEADER.size:
        head_bytes, ring_bytes, tail_bytes, total = _HEADER.unpack_from(data)
        ring = data[_HEADER.size :]
        kept = min(total, tail_bytes)
        start = (total - kept) % ring_bytes
        last = (ring[start:] + ring[:start])[:kept]
        os.truncate(path, head_bytes)
        with path.open("ab") as file:
            if total > kept:
                lost = total - kept
                file.write(
                    f"\n[a6hub: the log is at its limit; {lost} bytes left out here]\n".encode()
                )
            file.write(last)
    tail.unlink()


class _Ring:
    def __init__(self, path: Path, head_bytes: int, tail_bytes: int) -> None:
        self._file = path.open("wb", buffering=0)
        self._sizes = (head_bytes, tail_bytes + _STEP, tail_bytes)
        self._total = 0

    def write(self, data: bytes) -> None:
        """Add output over the oldest."""
        view = memoryview(data)
        for begin in range(0, len(view), _STEP):
            self._write_step(view[begin : begin + _STEP])

    def close(self) -> None:
        """Write no more."""
        self._file.close()

    def _write_step(self, data: memoryview) -> None:
        ring_bytes = self._sizes[1]
        start = self._total % ring_bytes
        fits = min(len(data), ring_bytes - start)
        _write_all(self._file.fileno(), data[:fits], _HEADER.size + start)
        if fits < len(data):
            _write_all(self._file.fileno(), data[fits:], _HEADER.size)
        self._total += len(data)
        # Last, so that it never counts bytes which are not there.
        _write_all(self._file.fileno(), _HEADER.pack(*self._sizes, self._total), 0)


def _tail_of(path: Path) -> Path:
    return path.with_suffix(".tail")


def _write_all(descriptor: int, data: bytes | memoryview, offset: int | None = None) -> None:
    """Write all of `data`, at `offset` or else at the end of what was written."""
    while data:
        if offset is None:
            written = os.write(descriptor, data)
        else:
            written = os.pwrite(descriptor, data, offset)
            offset += written
        data = data[written:]
