"""One header block of a tar file."""

import struct
from dataclasses import dataclass

from app.projects.archives.refusal import RefusedError

BLOCK = 512
_LAYOUT = struct.Struct("100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x")
_CHECKSUM = slice(148, 156)


@dataclass(frozen=True)
class Header:
    """What a block says: names as bytes, the size in bytes, the kind as tar's letter."""

    name: bytes
    kind: bytes
    size: int
    target: bytes


def is_header(block: bytes) -> bool:
    """Return whether a block has a header's checksum."""
    return len(block) == BLOCK and _number(block[_CHECKSUM]) in _sums(block)


def parse(block: bytes) -> Header:
    """Return what a block says; RefusedError if it is no header."""
    if not is_header(block):
        raise RefusedError("is damaged: there is no tar header where one has to be.")
    name, _, _, _, size, _, _, kind, target, magic, *_, prefix = _LAYOUT.unpack(block)
    number = _number(size) if size.strip(b" \0") else 0
    if number is None:
        raise RefusedError(
            "is damaged: a header has no size.", _text(name).decode(errors="replace")
        )
    folder = _text(prefix) if magic == b"ustar\0" else b""
    whole = folder + b"/" + _text(name) if folder else _text(name)
    return Header(whole, kind, number, _text(target))


def _sums(block: bytes) -> tuple[int, int]:
    """Return the checksum of a block, with bytes as numbers without and with a sign."""
    blank = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop :]
    plain = sum(blank)
    return plain, plain - 256 * sum(byte > 127 for byte in blank)


def _number(digits: bytes) -> int | None:
    """Return an octal number, or GNU's binary one; None if it is neither or below zero."""
    if digits[0] == 0x80:
        return int.from_bytes(digits[1:], "big")
    text = digits.strip(b" \0")
    if not text or text.strip(b"01234567"):
        return None
    return int(text, 8)


def _text(raw: bytes) -> bytes:
    return raw.partition(b"\0")[0]
