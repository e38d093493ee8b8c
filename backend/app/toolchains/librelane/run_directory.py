"""The steps' folders of a LibreLane run, while it runs and after.

A step starts as `NN-tool-step/` with state_in.json and config.json; a good end adds state_out.json
and then runtime.txt (HH:MM:SS.mmm). A checker that found violations and lets the flow go on leaves
neither. NN grows, also when a later run goes on in the same directory: a step that it does again
has two folders. A step that a flow has twice gets -1, -2 at the end of its name.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from app.toolchains.files import is_linked, open_plain, read_json, read_text
from app.toolchains.librelane.step_names import full_id, readable_name

_FOLDER = re.compile(r"(\d{1,4})-([a-z0-9_-]{1,150})")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,150}")
#: Opened by hand to look at a run; no part of a flow.
_INTERACTIVE = re.compile(r"(klayout|openroad|magic)-opengui(-\d+)?")
MOST_STEPS = 500
_MOST_ENTRIES = 5000
_MOST_CORNERS = 64
_MOST_CONFIG = 4 << 20
_LAST_BYTES = 64
#: Checkers that end the flow at once. What others find is told at the flow's end.
_IMMEDIATE = frozenset(
    f"Checker.{name}"
    for name in (
        *("LintErrors", "LintWarnings", "LintTimingConstructs", "YosysUnmappedCells"),
        *("YosysSynthChecks", "NetlistAssignStatements", "DisconnectedPins"),
    )
)
_DEFERRED = frozenset(
    f"Checker.{name}"
    for name in (
        *("TrDRC", "MagicDRC", "KLayoutDRC", "IllegalOverlap", "WireLength", "XOR", "LVS"),
        *("PowerGridViolations", "KLayoutDensity", "KLayoutAntenna", "SetupViolations"),
        *("HoldViolations", "MaxSlewViolations", "MaxCapViolations"),
    )
)


@dataclass(frozen=True)
class StepFolder:
    """One step's folder: its number, its name, the step's id in its flow, how it stands."""

    ordinal: int
    folder: str
    step: str
    ended_well: bool = False
    #: Whether LibreLane's own notes are in it. They are not where somebody keeps only the reports.
    has_notes: bool = True

    @property
    def slug(self) -> str:
        """The folder's name without its number."""
        return self.folder.split("-", 1)[1]

    @property
    def is_checker(self) -> bool:
        """Whether the step only looks at a metric."""
        return self.slug.startswith("checker-")

    @property
    def defers(self) -> bool | None:
        """Whether the flow goes on when this checker finds something; None: it is not known."""
        if not self.is_checker or self.step in _IMMEDIATE:
            return False
        return True if self.step in _DEFERRED else None

    @property
    def name(self) -> str:
        """The step's name for people."""
        return readable_name(self.step, self.slug)


def numbered_folders(run: Path) -> list[tuple[int, str]]:
    """Return numbers and names of the steps' folders in order, without viewers' opened by hand."""
    return sorted(_numbered(run))[:MOST_STEPS]


def _numbered(run: Path) -> Iterator[tuple[int, str]]:
    for entry in () if is_linked(run) else _entries(run):
        match = _FOLDER.fullmatch(entry.name)
        if match and not is_interactive(match[2]) and entry.is_dir(follow_symlinks=False):
            yield int(match[1]), entry.name


def is_interactive(step: str) -> bool:
    """Return whether a step, by its id or its slug, is a viewer that somebody opened."""
    return bool(_INTERACTIVE.fullmatch(step.lower().replace(".", "-")))


def step_folders(run: Path) -> list[StepFolder]:
    """Return a run's steps in order, without what somebody opened by hand."""
    return [
        look_at(run, ordinal, folder, kind_of_step(run, folder))
        for ordinal, folder in numbered_folders(run)
    ]


def look_at(run: Path, ordinal: int, folder: str, kind: str | None) -> StepFolder:
    """Return how a step stands; `kind` is what kind_of_step says."""
    slug = folder.split("-", 1)[1]
    ended_well = has_ended_well(run, folder)
    return StepFolder(
        ordinal,
        folder,
        full_id(kind, slug) if kind else slug,
        ended_well,
        ended_well or kind is not None or changed(run, f"{folder}/state_in.json") is not None,
    )


def kind_of_step(run: Path, folder: str) -> str | None:
    """Return 'OpenROAD.Floorplan' from a step's config; None as long as that does not say it."""
    config = read_json(run, f"{folder}/config.json", _MOST_CONFIG)
    meta = config.get("meta") if isinstance(config, dict) else None
    step = meta.get("step") if isinstance(meta, dict) else None
    return step if isinstance(step, str) and _ID.fullmatch(step) else None


def has_ended_well(run: Path, folder: str) -> bool:
    """Return whether a step has come to a good end: its state is there, and written to its end.

    A step that fails to write it leaves an empty one. Of a run that is kept without the states the
    step's time tells, which only a good end leaves.
    """
    handle = open_plain(run, f"{folder}/state_out.json")
    if handle is None:
        return bool(read_text(run, f"{folder}/runtime.txt", 100).strip())
    with handle:
        size = os.fstat(handle.fileno()).st_size
        handle.seek(max(0, size - _LAST_BYTES))
        return handle.read(_LAST_BYTES).rstrip().endswith(b"}")


def names_in(run: Path, folder: str, ending: str) -> list[str]:
    """Return the files of a step with that ending, also those of its corners, below `run`."""
    found: list[str] = []
    below = [folder]
    for place in below:  # grows by the folders in the step's own
        for entry in _entries(run / place):
            if entry.is_dir(follow_symlinks=False):
                if place == folder and len(below) < _MOST_CORNERS:
                    below.append(f"{place}/{entry.name}")
            elif entry.name.endswith(ending):
                found.append(f"{place}/{entry.name}")
    return sorted(found)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(islice(entries, _MOST_ENTRIES))
    except OSError:
        return []


def version_of(run: Path, name: str) -> tuple[int, int] | None:
    """Return what changes with a plain file's content: time and size; None if there is none."""
    handle = open_plain(run, name)
    if handle is None:
        return None
    with handle:
        status = os.fstat(handle.fileno())
        return status.st_mtime_ns, status.st_size


def changed(run: Path, name: str) -> float | None:
    """Return when a file was last written, or None if there is no such plain file."""
    handle = open_plain(run, name)
    if handle is None:
        return None
    with handle:
        return os.fstat(handle.fileno()).st_mtime
