"""Which files of a run are kept, and what kind of file each is."""

import re
from pathlib import Path, PurePosixPath

from app.toolchains.files import Found, Selection, plain_files

_KINDS = {
    ".gds": "gds",
    ".gz": "other",
    ".oas": "gds",
    ".lef": "lef",
    ".def": "def",
    ".odb": "odb",
    ".v": "netlist",
    ".spef": "spef",
    ".sdf": "sdf",
    ".sdc": "sdc",
    ".lib": "lib",
    ".spice": "spice",
    ".cdl": "spice",
    ".png": "picture",
    ".svg": "picture",
    ".rpt": "report",
    ".log": "log",
    ".lyrdb": "drc",
    ".lvsdb": "lvs",
    ".xml": "report",
}
_TOP_FILES = {
    "flow.log": "log",
    "error.log": "log",
    "warning.log": "log",
    "resolved.json": "config",
}
#: In the steps' folders only what people look at; the views are in final/ already.
_IN_STEPS = ("picture", "report", "log", "drc", "lvs")
_STEP = re.compile(r"\d{1,4}-[a-z0-9_.-]+/")
_LVS_NAME = re.compile(r"lvs|netgen", re.IGNORECASE)


def collect_files(run: Path) -> Selection:
    """Choose the files of a run to keep, the results first."""
    chosen = Selection()
    ranked = ((_rank_and_kind(found), found) for found in plain_files(run))
    wanted = [(*rank, found) for rank, found in ranked if rank is not None]
    for _, kind, found in sorted(wanted, key=lambda item: (item[0], item[2].name)):
        chosen.add(run, found, found.name, kind)
    return chosen


def _rank_and_kind(found: Found) -> tuple[int, str] | None:
    """Return how much a file matters, the least number most, and its kind; None: not kept."""
    name = found.name
    if name.startswith("final/"):
        return 0, "metrics" if name.startswith("final/metrics.") else kind_of(name)
    if name in _TOP_FILES:
        return 1, _TOP_FILES[name]
    kind = kind_of(name)
    return (2, kind) if _STEP.match(name) and kind in _IN_STEPS else None


def kind_of(name: str) -> str:
    """Return the kind of a file by its name."""
    ending = PurePosixPath(name).suffix.lower()
    kind = _KINDS.get(ending, "other")
    return "lvs" if kind == "report" and _LVS_NAME.search(PurePosixPath(name).name) else kind
