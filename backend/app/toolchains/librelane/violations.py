"""The violations among a run's metrics.

What counts is what LibreLane's own checkers and its manufacturability report take for an error, and
setup and hold violations in every corner, though by default it may only warn of some. What it by
default only warns of in all corners (slew, capacitance), or does not look at (fanout), is
tolerated: told, but no violation unless a checker was told to take it for one. IR drop, pins that
need not be connected and lint warnings are told by the metrics alone.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app.toolchains.base import Value
from app.toolchains.librelane.findings import Violation

#: A slack below 0 by less, in ns, is rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class _Count:
    """A metric of which each but 0 is a number of violations; the first of `names` that is there.

    The last names are those of OpenLane's before 2.0.0. `checker` is the step that looks at it.
    """

    kind: str
    texts: tuple[str, str]  # one, several
    names: tuple[str, ...]
    checker: str | None = None


_COUNTS = (
    _Count(
        "lint",
        ("lint error", "lint errors"),
        ("design__lint_error__count", "design__lint_errors__count"),
        "Checker.LintErrors",
    ),
    _Count(
        "lint.timing",
        ("timing construct in the sources", "timing constructs in the sources"),
        ("design__lint_timing_construct__count", "design__lint_timing_constructs__count"),
        "Checker.LintTimingConstructs",
    ),
    _Count(
        "synthesis.unmapped",
        ("unmapped cell", "unmapped cells"),
        ("design__instance_unmapped__count",),
        "Checker.YosysUnmappedCells",
    ),
    _Count(
        "synthesis.check",
        ("synthesis check error", "synthesis check errors"),
        ("synthesis__check_error__count",),
        "Checker.YosysSynthChecks",
    ),
    _Count(
        "power_grid",
        ("power grid violation", "power grid violations"),
        ("design__power_grid_violation__count",),
        "Checker.PowerGridViolations",
    ),
    _Count(
        "disconnected_pin",
        ("critical disconnected pin", "critical disconnected pins"),
        ("design__critical_disconnected_pin__count",),
        "Checker.DisconnectedPins",
    ),
    _Count(
        "drc.routing",
        ("routing DRC error", "routing DRC errors"),
        ("route__drc_errors",),
        "Checker.TrDRC",
    ),
    _Count(
        "drc.magic",
        ("Magic DRC error", "Magic DRC errors"),
        ("magic__drc_error__count", "magic__drc_errors"),
        "Checker.MagicDRC",
    ),
    _Count(
        "drc.klayout",
        ("KLayout DRC error", "KLayout DRC errors"),
        ("klayout__drc_error__count",),
        "Checker.KLayoutDRC",
    ),
    _Count(
        "density",
        ("density error", "density errors"),
        ("klayout__density_error__count",),
        "Checker.KLayoutDensity",
    ),
    _Count(
        "overlap",
        ("illegal overlap", "illegal overlaps"),
        ("magic__illegal_overlap__count", "magic__illegal__overlaps"),
        "Checker.IllegalOverlap",
    ),
    _Count(
        "xor",
        ("layout difference (XOR)", "layout differences (XOR)"),
        ("design__xor_difference__count",),
        "Checker.XOR",
    ),
    _Count(
        "lvs",
        ("LVS error", "LVS errors"),
        ("design__lvs_error__count", "design__lvs_errors__count"),
        "Checker.LVS",
    ),
    _Count(
        "antenna",
        ("antenna violation", "antenna violations"),
        (
            *("antenna__violating__nets", "route__antenna_violation__count"),
            *("antenna__violating__pins", "antenna__count"),
        ),
    ),
    _Count(
        "antenna.klayout",
        ("KLayout antenna error", "KLayout antenna errors"),
        ("klayout__antenna_error__count",),
        "Checker.KLayoutAntenna",
    ),
    _Count(
        "slew",
        ("slew violation", "slew violations"),
        ("design__max_slew_violation__count", "clock__max_slew_violation__count"),
        "Checker.MaxSlewViolations",
    ),
    _Count(
        "cap",
        ("capacitance violation", "capacitance violations"),
        ("design__max_cap_violation__count",),
        "Checker.MaxCapViolations",
    ),
    _Count(
        "fanout",
        ("fanout violation", "fanout violations"),
        ("design__max_fanout_violation__count",),
    ),
)
#: Kinds that are violations only if a checker says so.
TOLERATED = ("slew", "cap", "fanout")
_SLACKS = {"setup": "Checker.SetupViolations", "hold": "Checker.HoldViolations"}
#: Which kind of violation a checker finds.
KIND_OF_CHECKER = {count.checker: count.kind for count in _COUNTS if count.checker} | {
    checker: kind for kind, checker in _SLACKS.items()
}
#: All kinds; 'check' is what a checker found that no metric tells.
KINDS = (*(count.kind for count in _COUNTS), *_SLACKS, "check")


def violations(metrics: Mapping[str, Value]) -> list[Violation]:
    """Return what is violated and how much: '3 LVS errors'; also what is tolerated."""
    found = [_counted(metrics, count) for count in _COUNTS]
    found += [_slack(metrics, kind) for kind in _SLACKS]
    return [violation for violation in found if violation]


def unchecked(metrics: Mapping[str, Value]) -> list[str]:
    """Return which of the checks that make a layout trustworthy did not happen."""
    groups = {"DRC": ("drc.magic", "drc.klayout"), "LVS": ("lvs",)}
    there = {count.kind for count in _COUNTS if any(name in metrics for name in count.names)}
    return [name for name, wanted in groups.items() if there.isdisjoint(wanted)]


def with_corners(metrics: Mapping[str, Value], name: str) -> dict[str | None, float]:
    """Return a metric's values by corner, that of all together with None; no NaN."""
    found: dict[str | None, float] = {}
    for key, value in metrics.items():
        base, _, corner = key.partition("__corner:")
        if base == name and isinstance(value, int | float) and not math.isnan(value):
            found[corner or None] = float(value)
    return found


def _counted(metrics: Mapping[str, Value], count: _Count) -> Violation | None:
    for name in count.names:
        many = _most(metrics, name)
        if many is not None:
            return _of(count, *many) if many[0] > 0 else None
    return None


def _of(count: _Count, many: float, corner: str | None) -> Violation:
    number = int(many) if math.isfinite(many) else None
    words = f"{many:g} {count.texts[many != 1]}" if number is not None else f"many {count.texts[1]}"
    place = f" in corner {corner}" if corner else ""
    return Violation(count.kind, number, words + place, corner)


def _most(metrics: Mapping[str, Value], name: str) -> tuple[float, str | None] | None:
    """Return a count, the largest of all corners, and that corner; None if there is no count."""
    own = metrics.get(name)
    if isinstance(own, float) and math.isnan(own):
        return 1.0, None  # a count that is no number is no good news
    counts = with_corners(metrics, name)
    if not counts:
        return None
    # With equal numbers a corner is more telling than all together.
    corner = max(counts, key=lambda key: (counts[key], key is not None))
    return counts[corner], corner


def _slack(metrics: Mapping[str, Value], kind: str) -> Violation | None:
    """Return a kind's timing violations in all corners; None if there are none."""
    count, _ = _most(metrics, f"timing__{kind}_vio__count") or (0.0, None)
    slacks = with_corners(metrics, f"timing__{kind}__ws")
    slacks = slacks or with_corners(metrics, f"timing__{kind}__wns")
    corner = min(slacks, key=lambda key: (slacks[key], key is None), default=None)
    worst = slacks[corner] if slacks else None
    if count <= 0 and (worst is None or worst > -_ROUNDING):
        return None
    many = f"{count:g} {kind} violation{'' if count == 1 else 's'}" if count > 0 else kind
    many = many if count > 0 else f"{kind} violations"
    place = f" in corner {corner}" if corner else ""
    how_bad = f" (worst slack {worst:.4g} ns{place})" if worst is not None else ""
    number = int(count) if 0 < count < math.inf else None
    return Violation(kind, number, many + how_bad, corner, worst, "ns" if slacks else None)
