"""The routing grid: a node is a layer and a crossing of tracks, numbered for fast arrays.

Layers 0 to 3 are met1 (horizontal), met2 (vertical), met3 (horizontal), met4 (vertical). met4 wires
and their vias are wide, so met4 has every other track only.
"""

import numpy as np
from numpy.typing import NDArray

from librelane_plugin_offline.access import Access, in_place
from librelane_plugin_offline.database import Design, Rect
from librelane_plugin_offline.grid import (
    PITCH_X,
    PITCH_Y,
    ROW,
    STRAP_HALF,
    TRACK_X,
    TRACK_Y,
    track_x,
    track_y,
)
from librelane_plugin_offline.power_grid import (
    PAD2_HALF,
    PAD3_HALF,
    crossings,
    rail_y,
    skipped_crossings,
    strap_rect,
)

LAYERS = ("met1", "met2", "met3", "met4")
FREE, BLOCKED = 0, -1
#: Distances in nm from a node to foreign metal below which the node is blocked: half the via pad on
#: the layer plus the spacing.
MET1_X, MET1_Y = 300, 270
MET2_X, MET2_Y = STRAP_HALF + 280, PAD2_HALF + 325
MET3_X, MET3_Y = STRAP_HALF + 465, PAD3_HALF + 465
#: A node's distances (x, y) in nm from a port's metal, by layer.
PORT_CLEARANCE = {"met2": (280, 325), "met3": (490, 465)}
#: A met4 node keeps this distance from the straps, in nm.
STRAP_CLEARANCE = 465
#: A met1 node keeps this distance from the rails, in nm.
RAIL_CLEARANCE = 560


class Grid:
    """Node numbers, and who may use each node: FREE, BLOCKED, or the number of one net."""

    def __init__(self, width: int, height: int) -> None:
        """Make a free grid over a die of that size in nm."""
        self.nx = (width - TRACK_X) // PITCH_X + 1
        self.ny = (height - TRACK_Y) // PITCH_Y + 1
        self.plane = self.nx * self.ny
        self.owner: NDArray[np.int32] = np.zeros(len(LAYERS) * self.plane, np.int32)

    def node(self, layer: int, i: int, j: int) -> int:
        """Return the number of a node."""
        return layer * self.plane + i * self.ny + j

    def where(self, node: int) -> tuple[int, int, int]:
        """Return layer, vertical track and horizontal track of a node."""
        layer, rest = divmod(node, self.plane)
        return layer, *divmod(rest, self.ny)

    def layer(self, layer: int) -> NDArray[np.int32]:
        """Return a view of the owners on a layer, indexed [i, j]."""
        part = self.owner[layer * self.plane : (layer + 1) * self.plane]
        return part.reshape(self.nx, self.ny)

    def block(self, layer: int, rect: Rect, near_x: int, near_y: int, owner: int = BLOCKED) -> None:
        """Keep the nodes less than `near_x`, `near_y` from a rectangle for `owner` alone."""
        columns = _tracks(rect.left - near_x, rect.right + near_x, TRACK_X, PITCH_X, self.nx)
        rows = _tracks(rect.bottom - near_y, rect.top + near_y, TRACK_Y, PITCH_Y, self.ny)
        self.layer(layer)[columns, rows] = owner


def make_grid(design: Design, access: Access) -> Grid:
    """Return the grid of a placed design, with all that is in the way blocked."""
    die = design.plan.die
    grid = Grid(die.right, die.top)
    grid.layer(3)[0::2, :] = BLOCKED
    _open_met1(grid, design)
    _block_cells(grid, design, access)
    _block_power(grid, design)
    return grid


def _open_met1(grid: Grid, design: Design) -> None:
    """Leave met1 free only within the core, away from the rails."""
    core, met1 = design.plan.core, grid.layer(0)
    met1[:, :] = BLOCKED
    columns = _tracks(core.left, core.right, TRACK_X, PITCH_X, grid.nx)
    for row in range(design.plan.rows):
        low = rail_y(design, row) + RAIL_CLEARANCE
        high = rail_y(design, row) + ROW - RAIL_CLEARANCE
        met1[columns, _tracks(low - 1, high + 1, TRACK_Y, PITCH_Y, grid.ny)] = FREE


def _block_cells(grid: Grid, design: Design, access: Access) -> None:
    """Block met1 near the cells' own metal and the landings of their pins."""
    for name, instance in design.instances.items():
        rects = list(access.metal.get(instance.master, []))
        landings = access.landings.get(instance.master, {})
        rects += [landings[pin].bar for pin in instance.pins if pin in landings]
        for rect in rects:
            grid.block(0, in_place(design, name, rect), MET1_X, MET1_Y)


def _block_power(grid: Grid, design: Design) -> None:
    skipped = skipped_crossings(design)
    for _, x in design.plan.straps:
        grid.block(3, strap_rect(design, x), STRAP_CLEARANCE, STRAP_CLEARANCE)
    for crossing in crossings(design):
        if crossing not in skipped:
            x, y = crossing[1], rail_y(design, crossing[2])
            point = Rect(x, y, x, y)
            grid.block(1, point, MET2_X, MET2_Y)
            grid.block(2, point, MET3_X, MET3_Y)


def _tracks(low: int, high: int, first: int, pitch: int, count: int) -> slice:
    """Return the tracks strictly between two coordinates, in nm."""
    start = (low - first) // pitch + 1
    end = -((first - high) // pitch)
    return slice(max(0, start), max(0, min(count, end)))


def column(x: int) -> int:
    """Return the vertical track at `x`, which must be on one."""
    i = (x - TRACK_X) // PITCH_X
    assert track_x(i) == x, f"x = {x} nm is on no track"  # noqa: S101 - a bug of the PDK maker
    return i


def rows_near(y: int, reach: int, count: int) -> list[int]:
    """Return the horizontal tracks less than `reach` nm from `y`."""
    middle = (y - TRACK_Y) // PITCH_Y
    near = range(middle - 1, middle + 3)
    return [j for j in near if 0 <= j < count and abs(track_y(j) - y) < reach]
