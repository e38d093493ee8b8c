"""The one error of this package, and what the system's errors mean here."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class PdkError(Exception):
    """It could not be done; the text says why, and what to do."""


@contextmanager
def explained(root: Path) -> Iterator[None]:
    """Make errors of the file system below `root` a PdkError."""
    try:
        yield
    except OSError as error:
        raise PdkError(_words(root, error)) from error


def _words(root: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(root).free if root.exists() else 0
        return f"The disk of {root} is full ({free >> 20} MiB free); nothing was installed."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{error.filename or root} cannot be written: {error.strerror}. PDKs are installed by "
            "whoever owns the folder, or set A6HUB_PDK_ROOT to another."
        )
    return f"{root}: {error}"
