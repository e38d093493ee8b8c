"""The connection to a running container: its output, taken apart.

The engine sends standard output and error in frames: one byte that says which, three of no
meaning, four of length, then the bytes. Each of the two keeps its order; between them there is
none, which is why start.sh sends all that a command writes to standard output.
"""

import contextlib
import select
import socket
from collections.abc import Iterator

_PIECE_BYTES = 65536
_HEADER_BYTES = 8
_ERROR = 2


class Frames:
    """Takes frames apart; keeps nothing but an unfinished header."""

    def __init__(self) -> None:
        self._header = b""
        self._left = 0

    def take(self, data: bytes) -> Iterator[tuple[bool, bytes]]:
        """Yield what has come as pairs: whether it is from standard error, and the bytes."""
        while data:
            if not self._left:
                missing = _HEADER_BYTES - len(self._header) % _HEADER_BYTES
                self._header = self._header[: _HEADER_BYTES - missing] + data[:missing]
                data = data[missing:]
                if len(self._header) == _HEADER_BYTES:
                    self._left = int.from_bytes(self._header[4:])
                continue
            piece, data = data[: self._left], data[self._left :]
            self._left -= len(piece)
            yield self._header[0] == _ERROR, piece


class Stream:
    """A connection to a container's standard input, output and error."""

    def __init__(self, connection: socket.socket) -> None:
        self.ended = False
        self._connection = connection
        self._connection.setblocking(False)
        self._frames = Frames()
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)

    def say(self, word: str) -> None:
        """Send a line; if nobody is there to hear it any more, that is soon noticed otherwise."""
        with contextlib.suppress(OSError):
            self._connection.sendall(f"{word}\n".encode())

    def read(self, seconds: float) -> list[tuple[bool, bytes]]:
        """Return what comes first within the time, as Frames.take does; sets `ended` at the end."""
        if not self._poll.poll(seconds * 1000):
            return []
        try:
            data = self._connection.recv(_PIECE_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            data = b""  # the engine is gone, which is an end too
        self.ended = not data
        return list(self._frames.take(data))
