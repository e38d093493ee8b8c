"""A design's folder as an archive for a project."""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

#: Folders of tools, and LibreLane's own runs, where no version control tells what belongs to it.
_LEFT_OUT = {"runs", "__pycache__", "node_modules"}

#: More is no design: somebody's home, perhaps.
_MOST_BYTES = 2 << 30


class TooLargeError(Exception):
    """A folder holds more than a design does."""


def design_files(folder: Path) -> list[str]:
    """Return the paths below `folder` of the files that belong to the design, in order.

    Within a Git repository, those that Git knows or would add; else all that are not hidden.
    """
    listed = _known_to_git(folder)
    return sorted(_walk(folder) if listed is None else listed)


def pack(folder: Path, target: BinaryIO) -> int:
    """Write the design as a tar.gz to `target`; return the number of its files.

    Raises TooLargeError.
    """
    files = design_files(folder)
    size = sum((folder / name).lstat().st_size for name in files)
    if size > _MOST_BYTES:
        raise TooLargeError(f"{folder} holds {size / 1e9:.1f} GB in {len(files)} files.")
    with tarfile.open(fileobj=target, mode="w:gz", compresslevel=1) as archive:
        for name in files:
            archive.add(folder / name, name, recursive=False)
    return len(files)


def _known_to_git(folder: Path) -> list[str] | None:
    command = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others"]
    try:
        done = subprocess.run(
            [*command, "--exclude-standard", "--", "."], capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    names = {os.fsdecode(name) for name in done.stdout.split(b"\0") if name}
    # A file that was deleted is known still; a folder is a repository of its own.
    return [name for name in names if (folder / name).is_file()]


def _walk(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name[0] != "." and name not in _LEFT_OUT]
        below = Path(place).relative_to(folder)
        yield from (str(below / name) for name in files if name[0] != ".")
