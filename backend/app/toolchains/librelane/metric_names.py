"""What LibreLane's metrics are: group, title, unit, and whether more is better.

Names follow METRICS2.1: words between '__', then what of it is meant, as 'corner:nom_tt_025C_1v80'
or 'net:VPWR'.
"""

import re
from dataclasses import dataclass

from app.toolchains.librelane.metric_table import KNOWN, About

#: In the order in which people read them.
GROUPS = (
    *("Timing", "Power", "Area", "Cells", "Routing", "DRC", "LVS", "Antenna", "IR drop"),
    *("Synthesis", "Lint", "Other"),
)
#: What may stand before a colon to say of what a metric is; others belong to the metric's name.
_OF_WHAT = ("corner", "net", "iter", "class", "layer")


@dataclass(frozen=True)
class ParsedName:
    """A metric's name taken apart: 'timing__setup__ws', its corner, and what else it is of."""

    base: str
    corner: str | None = None
    of: tuple[str, ...] = ()  # 'net VPWR', 'iteration 3'


_RANKS = {base: number for number, base in enumerate(KNOWN)}
#: Groups of what is not known, by how its name begins or what is in it; the first that matches.
_GROUP_BY_NAME = (
    (r"lvs", "LVS"),
    (r"antenna", "Antenna"),
    (r"drc|density|xor|overlap", "DRC"),
    (r"lint", "Lint"),
    (r"^(timing|clock)__", "Timing"),
    (r"^power__", "Power"),
    (r"^(ir|design_powergrid)__", "IR drop"),
    (r"^(route|global_route|detailedroute|globalroute)_", "Routing"),
    (r"^(synthesis|synth)__", "Synthesis"),
    (r"area|utilization|bbox", "Area"),
    (r"^design__(instance|io|rows|sites)|cell", "Cells"),
)
_UNIT_BY_NAME = (
    (r"count$|errors$", "count"),
    (r"^timing__.*__(ws|wns|tns)$|skew", "ns"),
    (r"^power__", "W"),
    (r"__area$|__area__", "µm²"),
    (r"wirelength|displacement", "µm"),
)


def parse_name(name: str) -> ParsedName:
    """Take a metric's name apart."""
    words = name.split("__")
    of: list[str] = []
    corner = None
    while ":" in words[-1] and len(words) > 1:
        key, _, value = words.pop().partition(":")
        if key == "corner":
            corner = value
        elif key in _OF_WHAT:
            what = "iteration" if key == "iter" else key
            of.insert(0, f"{what} {value.replace('_', ' ') if key == 'class' else value}")
        else:  # 'count:STA-0366', 'rows:unithd'
            of.insert(0, value)
            words.append(key)
    return ParsedName("__".join(words), corner, tuple(of))


def about(base: str) -> About:
    """Return what a metric is by its name without corner; of one that is not known a guess."""
    known = KNOWN.get(base)
    if known is not None:
        return known
    words = re.sub(r"_+", " ", base).strip()
    return About(
        _first(_GROUP_BY_NAME, base) or "Other",
        words[:1].upper() + words[1:],
        _first(_UNIT_BY_NAME, base),
    )


def rank(base: str) -> int:
    """Return a metric's place among those of its group; those that are not known come last."""
    return _RANKS.get(base, len(_RANKS))


def _first(rules: tuple[tuple[str, str], ...], name: str) -> str | None:
    return next((found for pattern, found in rules if re.search(pattern, name)), None)
