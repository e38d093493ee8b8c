"""Making archives, good and bad."""

import gzip
import io
import lzma
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = [
    "END",
    "KINDS",
    "PACKINGS",
    "Pack",
    "ZipEntry",
    "archive_of",
    "deflate",
    "raw_zip",
    "tar_entry",
    "tar_header",
    "tar_of",
    "zip_of",
    "zstd",
]

Pack = Callable[[bytes], bytes]
PACKINGS: dict[str, Pack] = {
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.xz": partial(lzma.compress, preset=0),
    "tar.zst": zstd.compress,
}


def zip_of(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tar_of(files: Mapping[str, bytes], style: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=style) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def archive_of(kind: str, files: Mapping[str, bytes]) -> bytes:
    return zip_of(files) if kind == "zip" else PACKINGS[kind](tar_of(files))


KINDS = ["zip", *PACKINGS]


def tar_entry(name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"", **given: Any) -> bytes:
    """One entry; `linkname` and `pax_headers` as in TarInfo."""
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(data)
    for key, value in given.items():
        setattr(info, key, value)
    header: bytes = info.tobuf(tarfile.PAX_FORMAT)
    return header + data + bytes(-len(data) % 512)


def tar_header(name: bytes, kind: bytes, size: int) -> bytes:
    """A header block as it stands, with its checksum."""
    block = struct.pack(
        "100s8s8s8s12s12s8sc100s8s", name, b"644", b"0", b"0", b"%o" % size, b"0", b" " * 8, kind,
        b"", b"ustar\x0000",
    ).ljust(512, b"\0")  # fmt: skip
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


END = bytes(1024)


@dataclass
class ZipEntry:
    """An entry of a zip, of which every field may lie."""

    name: bytes
    data: bytes = b""
    flags: int = 0
    method: int = 0
    mode: int = 0
    packed: bytes | None = None
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    local: dict[str, Any] = field(default_factory=dict)
    place: int | None = None
    extra: bytes = b""

    @property
    def body(self) -> bytes:
        if self.packed is not None:
            return self.packed
        return deflate(self.data) if self.method == 8 else self.data

    def told(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "flags": self.flags,
            "method": self.method,
            "crc": zlib.crc32(self.data) if self.crc is None else self.crc,
            "packed": len(self.body) if self.packed_size is None else self.packed_size,
            "size": len(self.data) if self.size is None else self.size,
        }


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def raw_zip(*entries: ZipEntry, **end: Any) -> bytes:
    """A zip of these entries; `count`, `begin`, `comment` and others override what is at its end."""
    out, directory = b"", b""
    for entry in entries:
        place = len(out) if entry.place is None else entry.place
        told = entry.told()
        if entry.place is None:
            out += _local(told | entry.local) + entry.body
        directory += _central(told, entry, place)
    begin = end.get("begin", len(out))
    count = end.get("count", len(entries))
    length = end.get("length", len(directory))
    comment: bytes = end.get("comment", b"")
    closing = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, length, begin, len(comment))
    middle: bytes = end.get("middle", b"")
    tail: bytes = end.get("tail", b"")
    return out + directory + middle + closing + comment + tail


def _local(told: Mapping[str, Any]) -> bytes:
    fields = (told["flags"], told["method"], 0, 0, told["crc"], told["packed"], told["size"])
    name: bytes = told["name"]
    return struct.pack("<4s5H3L2H", b"PK\3\4", 20, *fields, len(name), 0) + name


def _central(told: Mapping[str, Any], entry: ZipEntry, place: int) -> bytes:
    fields = (told["flags"], told["method"], 0, 0, told["crc"], told["packed"], told["size"])
    lengths = (len(entry.name), len(entry.extra), 0, 0, 0)
    head = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *fields, *lengths, entry.mode << 16, place)
    return head + entry.name + entry.extra
