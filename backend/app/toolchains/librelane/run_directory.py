"""Reading the steps of a LibreLane run from its folder, while it runs and after.

A step starts as `NN-tool-step/` with config.json and state_in.json; a good end adds state_out.json
and then runtime.txt (HH:MM:SS.mmm). A checker that found violations and lets the flow go on leaves
neither. NN grows; a step that a flow has twice gets -1, -2 at the end of its name.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.toolchains.base import StepReport, StepStatus
from app.toolchains.files import open_plain, read_json, read_text
from app.toolchains.librelane.usage import StepUsage, read_usage, seconds_of

_FOLDER = re.compile(r"(\d{1,4})-([a-z0-9_.-]{1,150})")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,150}")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+")
_REPEATED = re.compile(r"-(\d+)$")
#: Opened by hand to look at a run; no part of a flow.
_INTERACTIVE = ("klayout-opengui", "openroad-opengui")
_MOST_STEPS = 500
#: Words that a split at capitals would tear.
_NAMES = {
    "TrDRC": "Routing DRC",
    "CTS": "Clock Tree Synthesis",
    "STAPrePNR": "Timing before Placement",
    "STAMidPNR": "Timing during Placement and Routing",
    "STAPostPNR": "Timing after Routing",
    "GeneratePDN": "Power Grid",
    "RCX": "Parasitics Extraction",
}
_OF_SEVERAL_TOOLS = ("StreamOut", "DRC", "LVS", "WriteLEF", "SpiceExtraction")


@dataclass(frozen=True)
class StepFolder:
    """One step's folder: its number, its name and the step's id, as 'OpenROAD.Floorplan'."""

    ordinal: int
    folder: str
    step: str

    @property
    def is_checker(self) -> bool:
        """Whether the step only looks at a metric, so that the flow may go on when it fails."""
        return self.folder.split("-")[1] == "checker"

    @property
    def name(self) -> str:
        """The step's name for people."""
        repeated = _REPEATED.search(self.folder)
        name = readable_name(self.step)
        return f"{name} {int(repeated[1]) + 1}" if repeated else name


def step_folders(run: Path) -> list[StepFolder]:
    """Return a run's steps in order, without what somebody opened by hand."""
    found = sorted(_numbered(run))
    return [
        StepFolder(ordinal, folder, step_id(run, folder))
        for ordinal, folder in found[:_MOST_STEPS]
        if not folder.endswith(_INTERACTIVE)
    ]


def _numbered(run: Path) -> Iterator[tuple[int, str]]:
    try:
        entries = list(os.scandir(run))
    except OSError:
        return
    for entry in entries:
        match = _FOLDER.fullmatch(entry.name)
        if match and entry.is_dir(follow_symlinks=False):
            yield int(match[1]), entry.name


def step_id(run: Path, folder: str) -> str:
    """Return a step's id from its config, or the folder's name as long as that has none."""
    changed = _changed(run, f"{folder}/config.json")
    known = _id_in_config(run, folder, changed) if changed is not None else None
    return known or folder.split("-", 1)[1]


@lru_cache(maxsize=2048)
def _id_in_config(run: Path, folder: str, changed: float) -> str | None:
    """Read the id; `changed` makes it be read again when the file is another."""
    config = read_json(run, f"{folder}/config.json", 4 << 20)
    meta = config.get("meta") if isinstance(config, dict) else None
    step = meta.get("step") if isinstance(meta, dict) else None
    return step if isinstance(step, str) and _ID.fullmatch(step) else None


def readable_name(step: str) -> str:
    """Return 'Detailed Routing' for 'OpenROAD.DetailedRouting'."""
    tool, _, rest = _REPEATED.sub("", step).partition(".")
    name = _NAMES.get(rest) or " ".join(_WORDS.findall(rest)) or step
    if tool == "Checker":  # called after what it checks, which mostly is a step's name as well
        return f"Check: {name}"
    return f"{name} ({tool})" if rest in _OF_SEVERAL_TOOLS else name


def has_ended_well(run: Path, folder: str) -> bool:
    """Return whether a step has come to a good end."""
    return _changed(run, f"{folder}/state_out.json") is not None


def read_steps(run: Path, ended: bool) -> list[StepReport]:
    """Return the steps so far; `ended`: the flow runs no more, so no step does."""
    steps = step_folders(run)
    return [_report(run, step, ended or step is not steps[-1]) for step in steps]


def _report(run: Path, step: StepFolder, over: bool) -> StepReport:
    status = StepStatus.FAILED if over else StepStatus.RUNNING
    ended_well = _changed(run, f"{step.folder}/state_out.json")
    if ended_well is not None:
        status = StepStatus.COMPLETED
    used = read_usage(run, step.folder, ended_well) if over else StepUsage()
    return StepReport(
        step=step.step,
        name=step.name,
        status=status,
        started_at=_changed(run, f"{step.folder}/state_in.json"),
        seconds=seconds_of(read_text(run, f"{step.folder}/runtime.txt", 100)),
        cpu_seconds=used.cpu_seconds,
        peak_memory_bytes=used.peak_memory_bytes,
    )


def _changed(run: Path, name: str) -> float | None:
    """Return when a file was last written, or None if there is no such plain file."""
    handle = open_plain(run, name)
    if handle is None:
        return None
    with handle:
        return os.fstat(handle.fileno()).st_mtime
