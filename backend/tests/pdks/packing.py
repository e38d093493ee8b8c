"""Small PDKs, archives of them, and mirrors."""

import io
import lzma
import sys
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OLD, NEW = "0fe599b2afb6708d281543108caf8310912f54af", "8afc8346a57fe1ab7934ba5a6056ea8b43078e71"
#: A version's files, of two variants.
FILES = {
    "sky130A/libs.tech/librelane/config.tcl": b"set ::env(VDD_PIN) VPWR\n",
    "sky130A/libs.ref/sky130_fd_sc_hd/lib/tt.lib": b"library (tt) {}\n",
    "sky130B/libs.tech/librelane/config.tcl": b"set ::env(VDD_PIN) VPWR\n",
}
#: A library that only comes when it is asked for.
UNUSUAL = {"sky130A/libs.ref/sky130_fd_sc_ls/lib/tt.lib": b"library (ls) {}\n"}
SOURCES = {"sky130A/SOURCES": f"open_pdks {NEW}\n".encode()}


def _gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": _gzip,
    "tar.xz": lzma.compress,
    "tar.zst": zstd.compress,
}


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def tar(files: Mapping[str, bytes], *more: tarfile.TarInfo) -> bytes:
    """Return a tar of files, and then of members without content."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            info = member(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in more:
            archive.addfile(info)
    return data.getvalue()


def make_mirror(folder: Path, *versions: str) -> Path:
    """Make what ciel downloads: common things and a library, for each version."""
    common = {name: text for name, text in FILES.items() if "libs.ref" not in name}
    library = {name: text for name, text in FILES.items() if "libs.ref" in name}
    for version in versions:
        place = folder / "sky130" / version
        place.mkdir(parents=True)
        (place / "common.tar.zst").write_bytes(zstd.compress(tar(common)))
        (place / "sky130_fd_sc_hd.tar.zst").write_bytes(zstd.compress(tar(library)))
        (place / "sky130_fd_sc_ls.tar.zst").write_bytes(zstd.compress(tar(UNUSUAL)))
    return folder
