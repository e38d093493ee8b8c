"""From an archive to files of a project, in two readings.

The first reads all and keeps nothing, so that an archive that is refused at its last byte has left
no trace. The second brings into the store what is not there yet.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from app.projects.archives import Copy, File, LeftOut, Limits, RefusedError, read_archive
from app.projects.files import Content
from app.storage.blobs import put_blob_chunks
from app.storage.store import Store


@dataclass(frozen=True)
class Survey:
    """What an archive holds. `files` by path in the project, without `top_folder`."""

    files: Mapping[str, Content]
    left_out: Mapping[str, str]
    top_folder: str | None
    limits: Limits


def survey(archive: BinaryIO, limits: Limits, keep_top_folder: bool) -> Survey:
    """Read an archive to its end; RefusedError if it is not good, or holds no file."""
    files: dict[str, Content] = {}
    left_out: dict[str, str] = {}
    for entry in read_archive(archive, limits):
        match entry:
            case File(path, chunks):
                files[path] = _measure(chunks)
            case Copy(path, of):
                files[path] = files[of]
            case LeftOut(path, reason):
                left_out[path] = reason
    if not files:
        raise RefusedError("holds no file that a project could take.")
    top = None if keep_top_folder else _top_folder(files)
    return Survey({_below(top, path): files[path] for path in files}, left_out, top, limits)


def store_files(store: Store, archive: BinaryIO, found: Survey) -> None:
    """Bring into the store what it has not got of a surveyed archive."""
    for entry in read_archive(archive, found.limits):
        if isinstance(entry, File):
            digest, size = found.files[_below(found.top_folder, entry.path)]
            put_blob_chunks(store, digest, size, entry.chunks)


def _measure(chunks: Iterator[bytes]) -> Content:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def _top_folder(paths: Mapping[str, Content]) -> str | None:
    """Return the one folder in which all lies, as in what GitHub packs."""
    tops = {path.partition("/")[::2] for path in paths}
    names = {name for name, _ in tops}
    return names.pop() if len(names) == 1 and all(rest for _, rest in tops) else None


def _below(top: str | None, path: str) -> str:
    return path if top is None else path.removeprefix(f"{top}/")
