"""Reading a log of LibreLane's on where it was left."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.toolchains.files import open_plain

#: Of a longer log this much is read from its beginning, and a last piece when it is whole.
_MOST_BYTES = 4 << 20
_PIECE = 256 << 10
_MOST_LINE = 2000
_MARKUP = re.compile(r"(?<!\\)\[/?(?:repr\.|link|bold|red|yellow|green)[^\]]*\]")


class Tail:
    """The whole lines that come into a file."""

    def __init__(self, run: Path, name: str) -> None:
        self._run = run
        self._name = name
        self._read = 0
        self._rest = b""

    def lines(self, ended: bool) -> Iterator[str]:
        """Yield the new lines; `ended`: also one without an end, as there will be none."""
        handle = open_plain(self._run, self._name)
        if handle is None:
            return
        with handle:
            handle.seek(self._read)
            while self._read < _MOST_BYTES and (piece := handle.read(_PIECE)):
                self._read += len(piece)
                yield from self._whole(piece)
            if ended:
                yield from self._last(handle)

    def _whole(self, piece: bytes) -> Iterator[str]:
        *whole, rest = (self._rest + piece).split(b"\n")
        self._rest = rest[:_MOST_LINE]
        for line in whole:
            yield _plain(line)

    def _last(self, handle: BinaryIO) -> Iterator[str]:
        """Yield what is left, of a log that is too long its last piece."""
        end = handle.seek(0, os.SEEK_END)
        if end > self._read:
            handle.seek(max(self._read, end - _PIECE))
            yield from self._whole(handle.read(_PIECE))
            self._read = end
        if self._rest:
            yield _plain(self._rest)
            self._rest = b""


def _plain(line: bytes) -> str:
    """Return a line without Rich's markup; a bracket of the tool's own comes with a backslash."""
    text = line[:_MOST_LINE].decode(errors="replace")
    return _MARKUP.sub("", text).replace("\\[", "[").rstrip("\r")
