"""A run's metrics, and the violations among them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.toolchains.files import read_json
from app.toolchains.librelane.run_directory import step_folders

Metrics = dict[str, float | int | str]

_NAME = re.compile(r"[A-Za-z0-9_:.+\-\[\]/*]{1,250}")
_MOST = 5000
_FINAL = "final/metrics.json"


@dataclass(frozen=True)
class _Count:
    """Metrics of which each but 0 is a number of violations; the first that is there counts."""

    text: str
    names: tuple[str, ...]


_COUNTS = (
    _Count("lint errors", ("design__lint_error__count",)),
    _Count("unmapped cells", ("design__instance_unmapped__count",)),
    _Count("synthesis check errors", ("synthesis__check_error__count",)),
    _Count("power grid violations", ("design__power_grid_violation__count",)),
    _Count("critical disconnected pins", ("design__critical_disconnected_pin__count",)),
    _Count("routing DRC errors", ("route__drc_errors",)),
    _Count("Magic DRC errors", ("magic__drc_error__count",)),
    _Count("KLayout DRC errors", ("klayout__drc_error__count",)),
    _Count("illegal overlaps", ("magic__illegal_overlap__count",)),
    _Count("layout differences (XOR)", ("design__xor_difference__count",)),
    _Count("LVS errors", ("design__lvs_error__count",)),
    _Count("antenna violations", ("route__antenna_violation__count", "antenna__violating__nets")),
    _Count("slew violations", ("design__max_slew_violation__count",)),
    _Count("capacitance violations", ("design__max_cap_violation__count",)),
)
_DRC = ("magic__drc_error__count", "klayout__drc_error__count")
_LVS = ("design__lvs_error__count",)


def has_final_metrics(run: Path) -> bool:
    """Return whether the flow came to the point where it saves its results."""
    return isinstance(read_json(run, _FINAL), dict)


def read_metrics(run: Path) -> Metrics:
    """Return a run's metrics: the final ones, or those of the last step that ended well."""
    final = read_json(run, _FINAL)
    if isinstance(final, dict):
        return _plain(final)
    for step in reversed(step_folders(run)):
        state = read_json(run, f"{step.folder}/state_out.json")
        if isinstance(state, dict) and isinstance(state.get("metrics"), dict):
            return _plain(state["metrics"])
    return {}


def _plain(metrics: Mapping[str, Any]) -> Metrics:
    """Keep what is a number or a short text."""
    plain: Metrics = {}
    for name, value in metrics.items():
        if len(plain) < _MOST and _NAME.fullmatch(name):
            number = int(value) if isinstance(value, bool) else value
            if isinstance(number, int | float) or (isinstance(number, str) and len(number) < 250):
                plain[name] = number
    return plain


def violations(metrics: Metrics) -> list[str]:
    """Return what is violated and how much, as phrases: '3 LVS errors'."""
    found = [_counted(metrics, count) for count in _COUNTS]
    found += [_slack(metrics, kind) for kind in ("setup", "hold")]
    return [phrase for phrase in found if phrase]


def unchecked(metrics: Metrics) -> list[str]:
    """Return which of the checks that make a layout trustworthy did not happen."""
    groups = {"DRC": _DRC, "LVS": _LVS}
    return [name for name, wanted in groups.items() if not any(key in metrics for key in wanted)]


def _counted(metrics: Metrics, count: _Count) -> str:
    worst = max((_worst_count(metrics, name) for name in count.names), default=0)
    if worst == 0:
        return ""
    return f"{worst:g} {count.text.replace('errors', 'error') if worst == 1 else count.text}"


def _worst_count(metrics: Metrics, name: str) -> float:
    """Return the metric's value, or the worst of its corners if one has more."""
    numbers = (value for _, value in _with_corners(metrics, name))
    # A count that is no number is no good news.
    return max((1 if math.isnan(number) else number for number in numbers), default=0)


def _slack(metrics: Metrics, kind: str) -> str:
    """Describe a kind's timing violations in all corners; '' if there are none."""
    count = _worst_count(metrics, f"timing__{kind}_vio__count")
    slacks = _with_corners(metrics, f"timing__{kind}__ws")
    where, worst = min(slacks, key=lambda slack: slack[1], default=("", 0.0))
    if count == 0 and not worst < 0:
        return ""
    corner = where.partition("__corner:")[2]
    place = f" in corner {corner}" if corner else ""
    many = (
        f"{count:g} {kind} violation{'' if count == 1 else 's'}" if count else f"{kind} violations"
    )
    return f"{many} (worst slack {worst:.4g} ns{place})"


def _with_corners(metrics: Metrics, name: str) -> list[tuple[str, float]]:
    """Return a metric and the same per corner, corners first: they say where."""
    found = [(key, metrics[key]) for key in metrics if key.startswith(f"{name}__corner:")]
    found += [(name, metrics[name])] if name in metrics else []
    return [(key, float(value)) for key, value in found if isinstance(value, int | float)]
