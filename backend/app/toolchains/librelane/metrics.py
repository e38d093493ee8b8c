"""A run's metrics."""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.toolchains.base import Value
from app.toolchains.files import read_json, read_text
from app.toolchains.librelane.run_directory import StepFolder

Metrics = dict[str, Value]

_NAME = re.compile(r"[A-Za-z0-9_:.+\-\[\]/*]{1,250}")
_MOST = 5000
_MOST_BYTES = 4 << 20
_LARGEST = 1 << 63
_FINAL = "final/metrics.json"
#: The same as a table, for runs of which only that is kept.
_TABLE = "final/metrics.csv"


def final_metrics(run: Path) -> Metrics | None:
    """Return the metrics that the flow saved at its end; None if it saved none."""
    final = read_json(run, _FINAL, _MOST_BYTES)
    if isinstance(final, dict):
        return plain_metrics(final)
    rows = read_text(run, _TABLE).splitlines()
    if not rows or rows[0].strip() != "Metric,Value":
        return None
    return plain_metrics(dict(_row(row) for row in rows[1:] if "," in row))


def _row(row: str) -> tuple[str, Value]:
    """Return name and value of a line 'design__die__area,2.01397E+7'."""
    name, _, text = row.strip().partition(",")
    for kind in (int, float):
        try:
            return name, kind(text)
        except ValueError:
            continue
    return name, text.strip('"')


def last_metrics(run: Path, steps: Sequence[StepFolder]) -> Metrics | None:
    """Return the metrics of the last step that ended well; None if there is none.

    Of a run that is kept without what steps left, those that the last one was given.
    """
    for state in ("state_out", "state_in"):
        for step in reversed(steps):
            found = state_metrics(run, f"{step.folder}/{state}.json")
            if found is not None:
                return found
    return None


def state_metrics(run: Path, name: str) -> Metrics | None:
    """Return the metrics in a state that LibreLane wrote; None if there is no whole one."""
    state = read_json(run, name, _MOST_BYTES)
    if not isinstance(state, dict):
        return None
    metrics = state.get("metrics", {})
    return plain_metrics(metrics) if isinstance(metrics, dict) else None


def plain_metrics(metrics: Mapping[str, Any]) -> Metrics:
    """Keep what is a number or a short text."""
    plain: Metrics = {}
    for name, value in metrics.items():
        if len(plain) < _MOST and _NAME.fullmatch(name):
            number = _number(value) if isinstance(value, int) else value
            if isinstance(number, int | float) or (isinstance(number, str) and len(number) < 250):
                plain[name] = number
    return plain


def _number(value: int) -> int | float:
    """Return a whole number, True as 1, as a float if it is larger than databases take."""
    if abs(value) < _LARGEST:
        return int(value)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
