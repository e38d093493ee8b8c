"""The floorplan: rows, power straps, port positions, well taps. All lengths in nm."""

import math
import re

from librelane_plugin_offline.database import Design, Floorplan, FlowError, Instance, Rect
from librelane_plugin_offline.grid import (
    GROUND,
    LIBRARY,
    PITCH_Y,
    POWER,
    ROW,
    SITE,
    STRAP_HALF,
    TRACK_X,
    TRACK_Y,
    orientation,
)

#: Between core and die edge: room for wires from the ports.
MARGIN_X, MARGIN_Y = 12 * SITE, 4 * ROW
#: The least core that has room for straps and taps.
MIN_SITES, MIN_ROWS = 40, 8
#: Between straps of the same net.
STRAP_PITCH = 60 * SITE
#: Between taps in a row; the rows in between have theirs half-way (latch-up rule: 15 um reach).
TAP_PITCH = 56
#: Tracks next to a die corner that get no port.
CORNER_TRACKS = 10
TAP = LIBRARY + "tapvpwrvgnd_1"


def make_floorplan(design: Design, utilization: float, aspect: float) -> None:
    """Set the design's floorplan: a core of which the cells fill the share `utilization`.

    `aspect` is height over width. The core is larger where the ports need a longer edge. FlowError
    for what no core can have.
    """
    if utilization <= 0 or aspect <= 0:
        raise FlowError("FP_CORE_UTIL and FP_ASPECT_RATIO have to be above 0.")
    area = cell_area(design)
    width = math.sqrt(area / utilization / aspect)
    least_sites, least_rows = _least_core(design)
    sites = _even(max(math.ceil(width / SITE), least_sites))
    rows = _even(max(math.ceil(area / utilization / width / ROW), least_rows))
    die = Rect(0, 0, *_die_around(sites, rows))
    _set_plan(design, die, sites, rows)


def fit_floorplan(design: Design, asked: Rect) -> None:
    """Set the design's floorplan: the die that is asked for, down to whole tracks.

    FlowError when that does not begin at 0 0, or is too small for ports, straps or cells.
    """
    if asked.left or asked.bottom:
        raise FlowError("DIE_AREA has to begin at 0 0.")
    die = Rect(0, 0, asked.right // SITE * SITE, asked.top // PITCH_Y * PITCH_Y)
    sites = (die.right - 2 * MARGIN_X) // SITE // 2 * 2
    rows = (die.top - 2 * MARGIN_Y) // ROW // 2 * 2
    least_sites, least_rows = _least_core(design)
    if sites < least_sites or rows < least_rows:
        width, height = (length / 1000 for length in _die_around(least_sites, least_rows))
        raise FlowError(f"DIE_AREA is too small: straps and ports need {width} x {height} um.")
    area, room = cell_area(design), sites * SITE * rows * ROW
    if area > room:
        there, needed = room / 1e6, area / 1e6
        raise FlowError(f"DIE_AREA is too small: rows of {there:.0f} um2, cells of {needed:.0f}.")
    _set_plan(design, die, sites, rows)


def _least_core(design: Design) -> tuple[int, int]:
    """Return how many sites and rows the core has to have, for straps, taps and ports."""
    per_side = math.ceil(len(design.ports) / 4)
    rows_for_ports = math.ceil(per_side * 2 * PITCH_Y / ROW) - 8
    return max(MIN_SITES, 2 * per_side - 16), _even(max(MIN_ROWS, rows_for_ports))


def _die_around(sites: int, rows: int) -> tuple[int, int]:
    """Return width and height of the least die with such a core."""
    return 2 * MARGIN_X + sites * SITE, 2 * MARGIN_Y + rows * ROW


def _set_plan(design: Design, die: Rect, sites: int, rows: int) -> None:
    core = Rect(MARGIN_X, MARGIN_Y, MARGIN_X + sites * SITE, MARGIN_Y + rows * ROW)
    design.plan = Floorplan(core, die, rows, sites, _straps(core, sites))


def cell_area(design: Design) -> int:
    """Return the area of all cells, in nm2."""
    macros = (design.macros[one.master] for one in design.instances.values())
    return sum(macro.width * macro.height for macro in macros)


def _even(number: int) -> int:
    return number + number % 2


def _straps(core: Rect, sites: int) -> list[tuple[str, int]]:
    """Return vertical met4 straps, ground and power in turn, in the middle between two tracks."""
    pitch, first = STRAP_PITCH, core.left + 10 * SITE
    if sites * SITE < 2 * STRAP_PITCH:
        pitch, first = max(24, sites // 3 // 2 * 2) * SITE, core.left + 6 * SITE
    xs = range(first, core.right - STRAP_HALF, pitch // 2)
    return [((POWER, GROUND)[k % 2], x) for k, x in enumerate(xs)]


def place_ports(design: Design) -> None:
    """Spread the ports in their natural order over the four sides: W, N, E, S."""
    names = sorted(design.ports, key=_natural)
    quarter = math.ceil(len(names) / 4)
    for k, side in enumerate("WNES"):
        _place_side(design, side, names[k * quarter : (k + 1) * quarter])


def _place_side(design: Design, side: str, names: list[str]) -> None:
    die = design.plan.die
    vertical = side in "NS"  # the wire from the port is vertical
    pitch, first = (SITE, TRACK_X) if vertical else (PITCH_Y, TRACK_Y)
    last = ((die.right if vertical else die.top) - first) // pitch - CORNER_TRACKS
    for k, name in enumerate(names):
        track = CORNER_TRACKS + int((last - CORNER_TRACKS) * (k + 0.5) / len(names))
        along = first + track * pitch
        across = {"N": die.top, "S": 0, "E": die.right, "W": 0}[side]
        port = design.ports[name]
        port.side = side
        port.x, port.y = (along, across) if vertical else (across, along)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort 'a[10]' after 'a[9]'."""
    parts = re.split(r"(\d+)", name)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


def add_taps(design: Design) -> None:
    """Add well taps to each row, at its end too."""
    plan = design.plan
    count = 0
    for row in range(plan.rows):
        sites = list(range(0 if row % 2 == 0 else TAP_PITCH // 2, plan.sites, TAP_PITCH))
        if plan.sites - sites[-1] > TAP_PITCH // 2 + 2:
            sites.append(plan.sites - 1)
        for site in sites:
            x, y = plan.core.left + site * SITE, plan.core.bottom + row * ROW
            tap = Instance(TAP, {}, fixed=True, x=x, y=y, orientation=orientation(row))
            design.add(f"TAP_{count}", tap)
            count += 1
