"""Writing a .tar.gz as a stream: the same members make the same bytes, in little memory."""

import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_GZIP = 31  # zlib's word for a gzip header; it holds no name and no time
_BLOCK = tarfile.BLOCKSIZE


@dataclass(frozen=True)
class Member:
    """A plain file of an archive; `size` in bytes, `chunks` its content."""

    path: str
    size: int
    chunks: Iterable[bytes]
    is_program: bool = False


def file_of(path: str, text: str, *, is_program: bool = False) -> Member:
    """Return a member that holds a text."""
    data = text.encode()
    return Member(path, len(data), (data,), is_program)


def pack(members: Iterable[Member], changed: int) -> Iterator[bytes]:
    """Yield the bytes of a .tar.gz; `changed` is the Unix time that all members get.

    Raises ValueError when a member's content has not the size that it should have.
    """
    packer = zlib.compressobj(wbits=_GZIP)
    for piece in _tar(members, changed):
        packed = packer.compress(piece)
        if packed:
            yield packed
    yield packer.flush()


def _tar(members: Iterable[Member], changed: int) -> Iterator[bytes]:
    for member in members:
        yield _header(member, changed)
        yield from _content(member)
    yield bytes(2 * _BLOCK)


def _header(member: Member, changed: int) -> bytes:
    header = tarfile.TarInfo(member.path)
    header.size, header.mtime = member.size, changed
    header.mode = 0o755 if member.is_program else 0o644
    return header.tobuf(tarfile.PAX_FORMAT)


def _content(member: Member) -> Iterator[bytes]:
    size = 0
    for chunk in member.chunks:
        size += len(chunk)
        yield chunk
    if size != member.size:
        raise ValueError(f"{member.path} has {size} bytes, not {member.size}")
    yield bytes(-size % _BLOCK)
