"""Going through and removing folders that somebody else's programs have filled.

They may be nested deeper than Python's own functions can recurse, and than a path can name.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path


def walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Yield all below `folder`, following no link; what cannot be read is left out."""
    pending = [os.fspath(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        yield from found
        pending += [entry.path for entry in found if entry.is_dir(follow_symlinks=False)]


def remove(folder: Path) -> None:
    """Remove a folder and all in it, if it exists, as far as this user may."""
    # shutil.rmtree gives up at a thousand levels. rm(1) does not, but it needs leave to enter.
    if os.path.lexists(folder) and _run("rm", "-rf", "--", folder) != 0:
        _run("chmod", "-R", "u+rwX", "--", folder)
        _run("rm", "-rf", "--", folder)


def _run(*words: str | Path) -> int:
    return subprocess.run(words, check=False, stderr=subprocess.DEVNULL).returncode
