"""A place to put a version together, and the step that puts it in its own.

- ROOT/.a6hub-lock: held meanwhile, so that two do not get into each other's way
- ROOT/.a6hub-new-*: what is being put together; what a killed one left is removed by the next
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.executors.folders import remove, walk
from app.pdks.trouble import PdkError, explained
from app.toolchains.librelane.pdks import family_of, variants

_NEW = ".a6hub-new-"


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """Give a new folder on the disk of `root`, removed in the end. Raises PdkError."""
    with explained(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = (root / ".a6hub-lock").open("w")
    with lock, explained(root):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PdkError(f"Another `a6hub pdk` is at work on {root}; try again later.") from None
        for left in root.glob(f"{_NEW}*"):
            remove(left)
        folder = Path(tempfile.mkdtemp(prefix=_NEW, dir=root))
        umask = os.umask(0o022)  # jobs run as somebody else, and have to read it
        try:
            yield folder
        finally:
            os.umask(umask)
            remove(folder)


def version_folder(root: Path, family: str, version: str) -> Path:
    """Return where a version belongs."""
    return root / "ciel" / family / "versions" / version


def put_in_place(folder: Path, root: Path, family: str, version: str) -> None:
    """Make `folder`, which holds the variants of a family, that version. Raises PdkError."""
    names = [path.name for path in variants(folder)]
    if not names or any(family_of(name) != family for name in names):
        raise PdkError(
            f"This is no PDK of the family {family}: it needs folders such as {family}A with "
            f"libs.tech within; it has {', '.join(names) or 'none'}."
        )
    check_links(folder)
    place = version_folder(root, family, version)
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    folder.rename(place)


def check_links(folder: Path) -> None:
    """Refuse links that lead out of the folder or nowhere: jobs see this folder alone."""
    whole = folder.resolve()
    for entry in walk(folder):
        if entry.is_symlink() and not _leads_within(Path(entry.path), whole):
            name, target = os.path.relpath(entry.path, folder), os.readlink(entry.path)  # noqa: PTH115 - as text
            raise PdkError(f"{name} is a link to {target!r}, which is no part of the PDK.")


def _leads_within(link: Path, whole: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(whole)
    except (OSError, RuntimeError):  # missing; a loop
        return False
