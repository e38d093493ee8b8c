"""Steps' ids and names, from what LibreLane calls them and their folders."""

import re

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|\d+")
_REPEATED = re.compile(r"-(\d{1,3})$")
#: Words that a split at capitals would tear.
_NAMES = {
    "TrDRC": "Routing DRC",
    "CTS": "Clock Tree Synthesis",
    "STAPrePNR": "Timing before Placement",
    "STAMidPNR": "Timing during Placement and Routing",
    "STAPostPNR": "Timing after Routing",
    "GeneratePDN": "Power Grid",
    "RCX": "Parasitics Extraction",
    "EQY": "Equivalence Check",
    "IRDropReport": "IR Drop Report",
    "DEFtoODB": "DEF to ODB",
    "KLayoutAntenna": "KLayout Antenna",
    "KLayoutDensity": "KLayout Density",
    "KLayoutDRC": "KLayout DRC",
}
#: A run directory may claim any names; no table takes more than 255 characters.
_LONGEST = 200
_OF_SEVERAL_TOOLS = ("StreamOut", "DRC", "LVS", "WriteLEF", "SpiceExtraction", "Filler")


def full_id(implementation: str, slug: str) -> str:
    """Return a step's id in its flow: that of its kind, with the -1, -2 of a repeated one.

    `slug` is its folder's name without the number. LibreLane writes only the kind into the
    step's config.
    """
    repeated = _REPEATED.search(slug)
    plain = slugified(implementation)
    if repeated and slug == f"{plain}{repeated[0]}":
        return implementation + repeated[0]
    return implementation


def slugified(step: str) -> str:
    """Return what LibreLane makes of an id in the name of a folder."""
    return re.sub(r"[\s.]+", "-", step.lower())


def readable_name(step: str, slug: str = "") -> str:
    """Return 'Detailed Routing' for 'OpenROAD.DetailedRouting', with '2' for its first repetition.

    A flow can give its steps names of its own, which then are only in their `slug`.
    """
    return _name(step, slug)[:_LONGEST]


def _name(step: str, slug: str) -> str:
    repeated = _REPEATED.search(step)
    tool, _, rest = step[: repeated.start() if repeated else None].partition(".")
    name = _NAMES.get(rest) or " ".join(_WORDS.findall(rest)) or step
    if tool == "Checker":  # called after what it checks, which mostly is a step's name as well
        name = f"Check: {name}"
    elif rest in _OF_SEVERAL_TOOLS:
        name = f"{name} ({tool})"
    if rest and repeated:
        return f"{name} {int(repeated[1]) + 1}"
    return name if slug in ("", slugified(step)) or not rest else f"{name} ({slug})"
