"""A finished build's metrics as people read them: in groups, per corner, and the few that matter.

Pure functions of a mapping of names to values, as app.jobs.queries.metrics_of returns it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app.toolchains.base import Value
from app.toolchains.librelane.metric_names import GROUPS, about, parse_name, rank

#: Corners of LibreLane begin with that of the wires; the usual one comes first.
_WIRES = ("nom", "min", "max")


@dataclass(frozen=True)
class Metric:
    """One metric. `kind` is 'int', 'real' or 'text'; see About for `unit`."""

    name: str
    title: str
    value: Value
    unit: str | None
    corner: str | None
    kind: str
    higher_is_better: bool | None


@dataclass(frozen=True)
class Group:
    """Metrics of one kind, those of all corners together before those of one."""

    name: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True)
class CornerTiming:
    """Timing in one corner, in all together where `corner` is None. Slacks in ns; None: unknown.

    `ws` is the worst slack, also where it is positive; Infinity where there is no path.
    """

    corner: str | None
    setup_ws: float | None = None
    setup_wns: float | None = None
    setup_tns: float | None = None
    setup_violations: int | None = None
    hold_ws: float | None = None
    hold_wns: float | None = None
    hold_tns: float | None = None
    hold_violations: int | None = None
    slew_violations: int | None = None
    cap_violations: int | None = None
    fanout_violations: int | None = None


_TIMING = {
    "setup_ws": "timing__setup__ws",
    "setup_wns": "timing__setup__wns",
    "setup_tns": "timing__setup__tns",
    "setup_violations": "timing__setup_vio__count",
    "hold_ws": "timing__hold__ws",
    "hold_wns": "timing__hold__wns",
    "hold_tns": "timing__hold__tns",
    "hold_violations": "timing__hold_vio__count",
    "slew_violations": "design__max_slew_violation__count",
    "cap_violations": "design__max_cap_violation__count",
    "fanout_violations": "design__max_fanout_violation__count",
}


@dataclass(frozen=True)
class Headline:
    """What one asks first. Areas in µm², wire length in µm, power in W, slacks in ns.

    None: the flow did not say. `cells` are standard cells, without fillers where that is known;
    `drc_errors` are those of the tool that found most.
    """

    cells: float | None = None
    instances: float | None = None
    die_area: float | None = None
    core_area: float | None = None
    cell_area: float | None = None
    utilization: float | None = None  # from 0 to 1
    wire_length: float | None = None
    power: float | None = None
    setup_slack: float | None = None
    hold_slack: float | None = None
    drc_errors: float | None = None
    lvs_errors: float | None = None
    antenna_violations: float | None = None


def grouped(metrics: Mapping[str, Value]) -> list[Group]:
    """Return the metrics in groups, both in the order in which people read them."""
    found: dict[str, list[tuple[tuple[bool, int, str], Metric]]] = {}
    for name, value in metrics.items():
        parsed = parse_name(name)
        kind = about(parsed.base)
        title = ", ".join((kind.title, *parsed.of))
        metric = Metric(
            name,
            title,
            value,
            kind.unit,
            parsed.corner,
            _kind(value, kind.unit),
            kind.higher_is_better,
        )
        is_part = bool(parsed.corner or parsed.of)
        found.setdefault(kind.group, []).append(((is_part, rank(parsed.base), name), metric))
    return [Group(name, _in_order(found[name])) for name in GROUPS if name in found]


def _in_order(metrics: list[tuple[tuple[bool, int, str], Metric]]) -> tuple[Metric, ...]:
    return tuple(metric for _, metric in sorted(metrics, key=lambda item: item[0]))


def _kind(value: Value, unit: str | None) -> str:
    """Return the kind by what is measured: a slack of 0 is no whole number."""
    if isinstance(value, str):
        return "text"
    return "int" if isinstance(value, int) and unit in ("count", None) else "real"


def timing_table(metrics: Mapping[str, Value]) -> list[CornerTiming]:
    """Return the timing of all corners together, then of each; empty if there is none."""
    rows: dict[str | None, dict[str, float]] = {}
    columns = {base: column for column, base in _TIMING.items()}
    for name, value in metrics.items():
        parsed = parse_name(name)
        column = columns.get(parsed.base)
        if column is not None and not parsed.of and isinstance(value, int | float):
            rows.setdefault(parsed.corner, {})[column] = value
    return [_row(corner, rows[corner]) for corner in sorted(rows, key=_corner_order)]


def _row(corner: str | None, values: Mapping[str, float]) -> CornerTiming:
    slacks = {key: float(value) for key, value in values.items() if "violations" not in key}
    counts = {
        key: int(value)
        for key, value in values.items()
        if "violations" in key and math.isfinite(value)
    }
    return CornerTiming(corner, **slacks, **counts)  # type: ignore[arg-type]  # by _TIMING's keys


def _corner_order(corner: str | None) -> tuple[bool, int, str]:
    name = corner or ""
    wires = name.split("_", 1)[0]
    return corner is not None, _WIRES.index(wires) if wires in _WIRES else len(_WIRES), name


def headline(metrics: Mapping[str, Value]) -> Headline:
    """Return the few numbers that matter."""
    return Headline(
        cells=_number(metrics, "design__instance__count__stdcell", "design__instance__count"),
        instances=_number(metrics, "design__instance__count"),
        die_area=_number(metrics, "design__die__area"),
        core_area=_number(metrics, "design__core__area"),
        cell_area=_number(metrics, "design__instance__area__stdcell", "design__instance__area"),
        utilization=_number(metrics, "design__instance__utilization"),
        wire_length=_number(metrics, "route__wirelength"),
        power=_number(metrics, "power__total"),
        setup_slack=_worst(metrics, "timing__setup__ws"),
        hold_slack=_worst(metrics, "timing__hold__ws"),
        drc_errors=_most(
            metrics, "magic__drc_error__count", "klayout__drc_error__count", "magic__drc_errors"
        ),
        lvs_errors=_number(metrics, "design__lvs_error__count", "design__lvs_errors__count"),
        antenna_violations=_number(
            metrics, "antenna__violating__nets", "route__antenna_violation__count", "antenna__count"
        ),
    )


def _number(metrics: Mapping[str, Value], *names: str) -> float | None:
    """Return the first of the metrics that is there and a number."""
    values = (metrics.get(name) for name in names)
    return next((value for value in values if isinstance(value, int | float)), None)


def _most(metrics: Mapping[str, Value], *names: str) -> float | None:
    values = (_number(metrics, name) for name in names)
    return max((value for value in values if value is not None), default=None)


def _worst(metrics: Mapping[str, Value], base: str) -> float | None:
    """Return the least of all corners, and of all together."""
    values = [
        value
        for name, value in metrics.items()
        if name.partition("__corner:")[0] == base and isinstance(value, int | float)
    ]
    return min((value for value in values if not math.isnan(value)), default=None)
