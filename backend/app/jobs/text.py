"""Cutting bytes that may be UTF-8."""

from collections.abc import Iterator


def whole_utf8(data: bytes, *, final: bool = False) -> bytes:
    """Return `data` without a character begun at its end, so that no cut goes through one.

    Bytes that are no UTF-8 pass unchanged. `final`: nothing follows, so all is returned.
    """
    if final:
        return data
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return data
        if byte >= 0xC0:
            needs = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[:-back] if needs > back else data
    return data


def utf8_pieces(data: bytes, size: int) -> Iterator[bytes]:
    """Yield `data` in pieces of at most `size` bytes (4 or more), cutting no character."""
    while data:
        piece = whole_utf8(data[:size], final=len(data) <= size)
        yield piece
        data = data[len(piece) :]
