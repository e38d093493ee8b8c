"""Which files of a run are kept, and what kind of file each is.

final/gds/top.gds                    a view, in a folder for each format
final/lib/nom_tt_025C_1v80/top.lib   one for each corner; spef/ has one for each of the wires'
62-magic-drc/reports/drc.magic.rpt   what a step has to say, with its logs and pictures
"""

import re
from pathlib import Path, PurePosixPath

from app.toolchains.files import Found, Selection, plain_files

_KINDS = {
    ".gds": "gds",
    ".oas": "oas",
    ".lef": "lef",
    ".def": "def",
    ".odb": "odb",
    ".mag": "mag",
    ".v": "netlist",
    ".vh": "header",
    ".spef": "spef",
    ".sdf": "sdf",
    ".sdc": "sdc",
    ".lib": "lib",
    ".spice": "spice",
    ".spi": "spice",
    ".cdl": "cdl",
    ".png": "picture",
    ".svg": "picture",
    ".rpt": "report",
    ".xml": "report",
    ".log": "log",
    ".lyrdb": "drc",
    ".lvsdb": "lvs",
}
_TOP_FILES = {
    "flow.log": "log",
    "error.log": "log",
    "warning.log": "log",
    "resolved.json": "config",
    "pdk.json": "config",
    "summary.rpt": "report",  # of SynthesisExploration
}
#: In the steps' folders only what people look at; the views are in final/ already.
_IN_STEPS = ("picture", "report", "log", "drc", "lvs")
_STEP = re.compile(r"\d{1,4}-[a-z0-9_-]+/")
#: What checkers of layouts find, which tells its kind by its name alone.
_FINDINGS = (
    (re.compile(r"(^|[._-])(lvs|netgen)[._-]"), "lvs"),
    (re.compile(r"(^|[._-])(drc|xor|density)[._-]"), "drc"),
)
_OF_FINDINGS = (".rpt", ".xml", ".json", ".lyrdb", ".lvsdb")
#: What a step used (see usage.py), which its tool gave the name.
_USAGE = ".process_stats.json"
#: How many files are kept when all are.
_MOST_OF_ALL = 10_000


def collect_files(run: Path, everything: bool = False) -> Selection:
    """Choose the files of a run to keep, the results first; `everything`: those in tmp/ not."""
    chosen = Selection(most_files=_MOST_OF_ALL) if everything else Selection()
    ranked = ((_rank_and_kind(found, everything=everything), found) for found in plain_files(run))
    wanted = [(*rank, found) for rank, found in ranked if rank is not None]
    for _, kind, found in sorted(wanted, key=lambda item: (item[0], item[2].name)):
        chosen.add(run, found, found.name, kind)
    return chosen


def _rank_and_kind(found: Found, *, everything: bool) -> tuple[int, str] | None:
    """Return how much a file matters, the least number most, and its kind; None: not kept."""
    name = found.name
    if name.startswith("final/"):
        return 0, "metrics" if name.startswith("final/metrics.") else kind_of(name)
    if name in _TOP_FILES:
        return 1, _TOP_FILES[name]
    kind = kind_of(name)
    if _STEP.match(name) and kind in _IN_STEPS:
        return 2, kind
    return (3, kind) if everything and not name.startswith("tmp/") else None


def kind_of(name: str) -> str:
    """Return the kind of a file by its name."""
    path = PurePosixPath(name.lower())
    if path.suffix == ".gz":
        path = path.with_suffix("")
    if path.suffix in _OF_FINDINGS and not path.name.endswith(_USAGE):
        for pattern, kind in _FINDINGS:
            if pattern.search(path.name):
                return kind
    if path.name.endswith(".h.json"):
        return "header"
    return _KINDS.get(path.suffix, "other")
