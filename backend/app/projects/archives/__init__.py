"""Reading archives that somebody has uploaded: zip, tar, tar.gz, tar.xz and tar.zst.

    read_archive(file, limits) -> File(path, chunks), Copy(path, of), LeftOut(path, reason) ...

What is yielded has been vetted: each path is one that a project takes and is there once; a copy is
of a file that was yielded before. All else is a RefusedError that names the entry and the reason,
raised as soon as it is seen; so only who has read to the end knows that the archive is good.

Python's own `zipfile` and `tarfile` are not used: they guess where an archive contradicts itself,
and read whole directories and headers of any size into memory. The readers here take one strict
meaning of the formats, look at one entry at a time, and decompress 64 KiB at a time. Nothing is
ever written by an entry's name.
"""

from app.projects.archives.entries import Copy, Entry, File, LeftOut
from app.projects.archives.limits import Limits
from app.projects.archives.reader import read_archive
from app.projects.archives.refusal import RefusedError, TooMuchError

__all__ = [
    "Copy",
    "Entry",
    "File",
    "LeftOut",
    "Limits",
    "RefusedError",
    "TooMuchError",
    "read_archive",
]
