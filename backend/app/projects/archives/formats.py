"""Telling what an archive is by what it begins with, never by its name."""

from collections.abc import Iterator
from typing import BinaryIO

from app.projects.archives import tar, zip  # noqa: A004 - within this package it is the format
from app.projects.archives.entries import Member
from app.projects.archives.limits import Budget
from app.projects.archives.refusal import RefusedError
from app.projects.archives.streams import GZIP, XZ, ZSTANDARD, Stream, packed_pieces, plain_pieces

_TAKEN = "Send a zip, tar, tar.gz, tar.xz or tar.zst."
_OTHERS = {
    b"BZh": "is packed with bzip2.",
    b"7z\xbc\xaf\x27\x1c": "is a 7z archive.",
    b"Rar!": "is a RAR archive.",
    b"--": "is a form; send the archive itself as the request's body.",
}


def members(file: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Yield the members of an archive, whatever its format; RefusedError if it has none we know."""
    file.seek(0)
    beginning = file.read(tar.BLOCK)
    file.seek(0)
    if beginning.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return zip.members(file, budget)
    if tar.is_header(beginning):
        return tar.members(Stream(plain_pieces(file, budget)), budget)
    for packing in (GZIP, XZ, ZSTANDARD):
        if packing.begins(beginning):
            return tar.members(Stream(packed_pieces(file, packing, budget)), budget)
    raise RefusedError(f"{_what(beginning)} {_TAKEN}")


def _what(beginning: bytes) -> str:
    if not beginning:
        return "is empty."
    for magic, words in _OTHERS.items():
        if beginning.startswith(magic):
            return words
    return "is in no format that is known here."
