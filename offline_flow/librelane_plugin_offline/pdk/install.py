"""Putting a PDK in place: whole or not at all, once, and again when its maker has changed.

- ROOT/.sky130A.lock: held while making, so that of two at once the second waits and finds it done
- ROOT/.sky130A.new: the PDK in the making; what an interrupted run leaves is removed by the next
- ROOT/sky130A: the PDK, renamed from the above
- ROOT/sky130A/made-by: the stamp, what it was made from

Where ciel has installed PDKs too, ROOT/sky130A is its link to the one in use. Then ours lies among
its versions: ROOT/ciel/sky130/versions/a6hub/sky130A.
"""

import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

NAME, STAMP = "sky130A", "made-by"
_PACKAGE = Path(__file__).parents[1]


def install(root: Path, say: Callable[[str], None]) -> bool:
    """Make the PDK unless it is there and right; return whether it was made."""
    target, stamp = place(root), _stamp()
    if _is_right(target, stamp):
        return False
    root.mkdir(parents=True, exist_ok=True)
    with _lock(root):
        if _is_right(target, stamp):
            return False
        _replace(target, stamp, say)
    return True


def place(root: Path) -> Path:
    """Return where the PDK belongs."""
    if (root / NAME).is_symlink():
        return root / "ciel" / "sky130" / "versions" / "a6hub" / NAME
    return root / NAME


def _replace(target: Path, stamp: str, say: Callable[[str], None]) -> None:
    from librelane_plugin_offline.pdk.maker import make  # noqa: PLC0415 - takes seconds to load

    new = target.with_name(f".{NAME}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(new, ignore_errors=True)
    try:
        make(new, say)
        (new / STAMP).write_text(stamp)
        if target.exists():
            shutil.rmtree(target)
        new.rename(target)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _is_right(target: Path, stamp: str) -> bool:
    path = target / STAMP
    return path.is_file() and path.read_text() == stamp


@contextmanager
def _lock(root: Path) -> Iterator[None]:
    with (root / f".{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stamp() -> str:
    """Return a word that changes with the package `sky130` and the code and data here."""
    digest = hashlib.sha256(version("sky130").encode())
    made_by = [*(_PACKAGE / "pdk").glob("*.py"), *(_PACKAGE / "pdk" / "data").iterdir()]
    made_by += [_PACKAGE / "grid.py", _PACKAGE / "layers.py"]
    for path in sorted(made_by):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
