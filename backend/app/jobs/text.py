"""Cutting bytes that may be UTF-8."""


def whole_utf8(data: bytes) -> bytes:
    """Return `data` without a character begun at its end, so that no cut goes through one.

    Bytes that are no UTF-8 pass unchanged, and so does data that is nothing but such a beginning.
    """
    for back in range(1, min(4, len(data))):
        byte = data[-back]
        if byte < 0x80:
            return data
        if byte >= 0xC0:
            needs = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[:-back] if needs > back else data
    return data
