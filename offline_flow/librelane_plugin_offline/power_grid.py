"""The power grid: met4 straps, tied to every other met1 rail by a stack of vias. Lengths in nm."""

from collections.abc import Iterator

from librelane_plugin_offline.database import Design, Rect, Shape
from librelane_plugin_offline.grid import RAIL_HALF, ROW, STRAP_HALF, rail_of

#: A crossing (net, x of the strap, row boundary) of a strap and a rail of the same net.
Crossing = tuple[str, int, int]

#: A stack comes no nearer to a pin's landing than this, middle to middle, along x and along y.
CLEAR_X, CLEAR_Y = 1265, 900
#: Half heights of the stack's pads on met2 and met3.
PAD2_HALF, PAD3_HALF = 160, 165
#: Cuts of a stack: layer, how many, pitch, half size.
CUTS = (("via", 5, 320, 75), ("via2", 4, 400, 100), ("via3", 4, 400, 100))


def crossings(design: Design) -> list[Crossing]:
    """Return where straps cross rails of their net."""
    rows = range(design.plan.rows + 1)
    return [(net, x, row) for net, x in design.plan.straps for row in rows if rail_of(row) == net]


def skipped_crossings(design: Design) -> set[Crossing]:
    """Return the crossings where a stack would sit on a pin's landing: they get none.

    The rail is tied at its other crossings.
    """
    near: dict[int, list[int]] = {}
    for name, instance in design.instances.items():
        for pin in instance.pins:
            x, y = design.pin_position(name, pin)
            row = round((y - design.plan.core.bottom) / ROW)
            if abs(y - rail_y(design, row)) < CLEAR_Y:
                near.setdefault(row, []).append(x)
    return {
        crossing
        for crossing in crossings(design)
        if any(abs(x - crossing[1]) < CLEAR_X for x in near.get(crossing[2], []))
    }


def rail_y(design: Design, row: int) -> int:
    """Return the y of the rail along the lower edge of row `row`."""
    return design.plan.core.bottom + row * ROW


def strap_rect(design: Design, x: int) -> Rect:
    """Return the whole strap in the middle of `x`."""
    core = design.plan.core
    return Rect(x - STRAP_HALF, core.bottom - RAIL_HALF, x + STRAP_HALF, core.top + RAIL_HALF)


def power_grid(design: Design) -> list[Shape]:
    """Return all shapes of the grid but the rails, which are the cells' own."""
    shapes = [Shape(net, "met4", strap_rect(design, x)) for net, x in design.plan.straps]
    skipped = skipped_crossings(design)
    for crossing in crossings(design):
        if crossing not in skipped:
            shapes += _stack(*crossing[:2], rail_y(design, crossing[2]))
    return shapes


def _stack(net: str, x: int, y: int) -> Iterator[Shape]:
    yield Shape(net, "met2", Rect(x - STRAP_HALF, y - PAD2_HALF, x + STRAP_HALF, y + PAD2_HALF))
    yield Shape(net, "met3", Rect(x - STRAP_HALF, y - PAD3_HALF, x + STRAP_HALF, y + PAD3_HALF))
    for layer, count, pitch, half in CUTS:
        for k in range(count):
            at = x + pitch * k - pitch * (count - 1) // 2
            yield Shape(net, layer, Rect(at - half, y - half, at + half, y + half))
