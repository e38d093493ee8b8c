"""What a step's programs have used, as LibreLane notes it beside their logs.

`NAME.process_stats.json`: {"time": {"cpu_time_user": "0:00:01.5", "cpu_time_system": ...},
"peak_resources": {"memory_rss": "111MiB", ...}, ...}, one for each program that a step ran.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.toolchains.files import read_json
from app.toolchains.librelane.run_directory import names_in

_ENDING = ".process_stats.json"
#: Of how many programs of a step the notes are read.
_MOST = 64
_MOST_BYTES = 16 << 10
#: More no program has, and no table takes.
_MOST_MEMORY = 1 << 60
_TIME = re.compile(r"(\d{1,6}):(\d\d):(\d\d(?:\.\d+)?)")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d+)?)([KMGT]?)i?B")


@dataclass(frozen=True)
class StepUsage:
    """CPU seconds of all programs together, and the most memory that one of them held."""

    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None


def read_usage(run: Path, folder: str) -> StepUsage:
    """Return what a step that is over has used, that of its corners' programs with it."""
    names = names_in(run, folder, _ENDING)[:_MOST]
    notes = [note for name in names if (note := _note(run, name))]
    if not notes:
        return StepUsage()
    return StepUsage(sum(cpu for cpu, _ in notes), max(memory for _, memory in notes))


def seconds_of(text: str) -> float | None:
    """Return the seconds of LibreLane's 'hours:minutes:seconds'; None for anything else."""
    match = _TIME.fullmatch(text.strip())
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else None


def _note(run: Path, name: str) -> tuple[float, int] | None:
    note = read_json(run, name, _MOST_BYTES)
    try:
        times = [note["time"][f"cpu_time_{kind}"] for kind in ("user", "system")]
        memory = note["peak_resources"]["memory_rss"]
        return sum(seconds_of(time) or 0.0 for time in times), _bytes(memory)
    except (AttributeError, KeyError, TypeError):
        return None


def _bytes(text: Any) -> int:
    match = _SIZE.fullmatch(text)
    size = float(match[1]) * 1024 ** " KMGT".index(match[2] or " ") if match else 0
    return int(min(size, _MOST_MEMORY))
