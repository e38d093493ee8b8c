"""Going through and removing folders that somebody else's programs have filled.

They may be nested deeper than Python's own functions can recurse, and than a path can name.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

#: Who commands are outside a sandbox when the worker is root: a number that Debian gives nobody.
PLAIN_USER = 61000


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


def give_to_plain_user(folder: Path) -> None:
    """Make all in a job's folder belong to who will run there. Nothing runs in it now."""
    if folder.stat().st_uid != PLAIN_USER:
        os.chown(folder, PLAIN_USER, PLAIN_USER)
    for entry in walk(folder):
        if entry.stat(follow_symlinks=False).st_uid != PLAIN_USER:
            os.lchown(entry.path, PLAIN_USER, PLAIN_USER)


def remove(folder: Path) -> None:
    """Remove a folder and all in it, if it exists, as far as this user may."""
    # shutil.rmtree gives up at a thousand levels. rm(1) does not, but it needs leave to enter.
    if os.path.lexists(folder) and _run("rm", "-rf", "--", folder) != 0:
        _run("chmod", "-R", "u+rwX", "--", folder)
        _run("rm", "-rf", "--", folder)


def _run(*words: str | Path) -> int:
    return subprocess.run(words, check=False, stderr=subprocess.DEVNULL).returncode
