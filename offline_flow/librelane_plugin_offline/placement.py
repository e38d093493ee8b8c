"""Placement: coloquinte's global and detailed one, with our spreading and legalisation between.

Cells get more room than they are wide, or wires would not find theirs: room for each pin, and more
where the placement so far says that wires will be crowded.

coloquinte is given the design in units of sites horizontally and sixths of a row vertically, so
that its results are on the site grid.
"""

from collections.abc import Iterable, Sequence

import coloquinte
import numpy as np

from librelane_plugin_offline.crowding import Crowding, Indices
from librelane_plugin_offline.database import Design
from librelane_plugin_offline.grid import ROW, SITE, orientation
from librelane_plugin_offline.legalise import Cell, NoRoomError, Rows, legalise
from librelane_plugin_offline.spreading import SITES_PER_ROW, Floats, Spreader

#: Up to this share of the core cells are kept a site apart, which helps the router.
PADDING_LIMIT = 0.9
#: Cells get so many sites of room for each of their pins, at least.
PIN_ROOM = 2.5
#: Wires are crowded above this density (see Crowding); found by routing, on four layers.
MOST_WIRES = 5.2
#: So often cells are spread anew, with up to so much more room than the time before.
SPREAD_ROUNDS, ROOM_GROWTH = 4, 1.4
#: Global placement needs some space left.
GLOBAL_DENSITY = 0.93
SEED = 1


def place(design: Design, effort: int, density: float) -> None:
    """Place all cells that are not fixed. `effort` is coloquinte's, 1 to 9; `density` a share."""
    placer = _Placer(design, effort)
    placer.place_global(density)
    placer.spread(density)
    placer.legalise()
    placer.finish()


def improve(design: Design, effort: int) -> None:
    """Make legal, and improve, a placement to which cells were added where they are wanted."""
    placer = _Placer(design, effort)
    placer.legalise()
    placer.finish()


def overlaps(design: Design) -> int:
    """Return how many sites hold more than one cell; a cell off the grid or core counts too."""
    plan, taken, bad = design.plan, set(), 0
    for name in design.instances:
        x, y = design.placed(name)
        width = design.macro_of(name).width
        in_core = plan.core.left <= x and x + width <= plan.core.right
        on_grid = (x - plan.core.left) % SITE == 0 and (y - plan.core.bottom) % ROW == 0
        bad += not (in_core and on_grid and plan.core.bottom <= y < plan.core.top)
        for at in range(x, x + width, SITE):
            bad += (at, y) in taken
            taken.add((at, y))
    return bad


class _Placer:
    def __init__(self, design: Design, effort: int) -> None:
        self._design = design
        self._plan = design.plan
        self._names = list(design.instances)
        self._fixed = [design.instances[name].fixed for name in self._names]
        self._widths = [design.macro_of(name).width // SITE for name in self._names]
        self.parameters = coloquinte.ColoquinteParameters(effort, SEED)
        self.circuit = self._make_circuit()

    def place_global(self, density: float) -> None:
        """Run global placement with cells as wide as the room that they are to have."""
        movable, widths = self._movable(), self.circuit.cell_width
        room = self._room(movable)
        taken = sum(width for width, fixed in zip(self._widths, self._fixed, strict=True) if fixed)
        free = GLOBAL_DENSITY * self._plan.sites * self._plan.rows - taken
        wide = room * max(1.0, min(1 / density, free / room.sum()))
        self.circuit.cell_width = _with(widths, movable, wide)
        self.circuit.place_global(self.parameters)
        self.circuit.cell_width = widths

    def spread(self, density: float) -> None:
        """Spread the movable cells after global placement, most where wires are crowded."""
        movable, plan = self._movable(), self._plan
        x = np.array(self.circuit.cell_x, float)
        y = np.array(self.circuit.cell_y, float) / SITES_PER_ROW
        start_x, start_y, room = x[movable], y[movable], self._room(movable)
        crowding = Crowding(plan.rows, plan.sites, SITES_PER_ROW)
        for _ in range(SPREAD_ROUNDS):
            spreader = Spreader(start_x, start_y, room, density)
            spreader.spread(plan.sites, plan.rows)
            x[movable], y[movable] = spreader.x, spreader.y
            crowding.measure(*self._pins, x, y)
            room *= np.clip(crowding.at(x[movable], y[movable]) / MOST_WIRES, 1, ROOM_GROWTH)
        self.circuit.cell_x = _with(self.circuit.cell_x, movable, x[movable])
        rows = np.rint(y[movable])
        self.circuit.cell_y = _with(self.circuit.cell_y, movable, rows * SITES_PER_ROW)

    def _room(self, cells: list[int]) -> Floats:
        """Return the sites that cells need for themselves and for the wires to their pins."""
        pins = [len(self._design.instances[self._names[k]].pins) for k in cells]
        room: Floats = np.array([self._widths[k] for k in cells], float)
        return np.maximum(room, PIN_ROOM * np.array(pins, float), out=room)

    def legalise(self) -> None:
        """Give the movable cells legal positions, with a free site beside each if there is room."""
        try:
            self._legalise(self._padding())
        except NoRoomError:
            self._legalise(0)

    def finish(self) -> None:
        """Run detailed placement and write the positions into the design."""
        self.circuit.place_detailed(self.parameters)
        xs, ys = self.circuit.cell_x, self.circuit.cell_y
        for k in self._movable():
            instance, row = self._design.instances[self._names[k]], ys[k] // SITES_PER_ROW
            instance.x = self._plan.core.left + xs[k] * SITE
            instance.y = self._plan.core.bottom + row * ROW
            instance.orientation = orientation(row)

    def _legalise(self, padding: int) -> None:
        """Give each movable cell a place of its width and so many sites more, for good."""
        xs, ys = list(self.circuit.cell_x), list(self.circuit.cell_y)
        widths, movable = list(self.circuit.cell_width), self._movable()
        for k in movable:
            widths[k] = self._widths[k] + padding
        cells = [Cell(widths[k], xs[k], self._row_at(ys[k])) for k in movable]
        for k, (row, x) in zip(movable, legalise(self._free_rows(), cells), strict=True):
            xs[k], ys[k] = x, row * SITES_PER_ROW
        self.circuit.cell_width = widths
        self.circuit.cell_x, self.circuit.cell_y = xs, ys

    def _free_rows(self) -> Rows:
        """Return the rows with the fixed cells in them."""
        rows = Rows(self._plan.rows, self._plan.sites)
        xs, ys = self.circuit.cell_x, self.circuit.cell_y
        for k, width in enumerate(self._widths):
            if self._fixed[k]:
                rows.take(ys[k] // SITES_PER_ROW, xs[k], xs[k] + width)
        return rows

    def _row_at(self, y: int) -> int:
        return min(max(round(y / SITES_PER_ROW), 0), self._plan.rows - 1)

    def _movable(self) -> list[int]:
        return [k for k, fixed in enumerate(self._fixed) if not fixed]

    def _padding(self) -> int:
        padded = sum(self._widths) + len(self._movable())
        return 1 if padded <= PADDING_LIMIT * self._plan.sites * self._plan.rows else 0

    def _scaled(self, x: int, y: int) -> tuple[int, int]:
        core = self._plan.core
        return round((x - core.left) / SITE), round((y - core.bottom) * SITES_PER_ROW / ROW)

    def _make_circuit(self) -> coloquinte.Circuit:
        design, ports = self._design, list(self._design.ports.values())
        count = len(self._names) + len(ports)
        circuit = coloquinte.Circuit(count)
        circuit.cell_width = [max(1, width) for width in self._widths] + [1] * len(ports)
        circuit.cell_height = [SITES_PER_ROW] * len(self._names) + [1] * len(ports)
        places = [self._start(name) for name in self._names]
        places += [self._scaled(port.x, port.y) for port in ports]
        circuit.cell_x, circuit.cell_y = map(list, zip(*places, strict=True))
        circuit.cell_is_fixed = [*self._fixed, *[True] * len(ports)]
        circuit.cell_is_obstruction = [True] * len(self._names) + [False] * len(ports)
        turns = [_turn(design.instances[name].orientation) for name in self._names]
        circuit.cell_orientation = [*turns, *[_turn("N")] * len(ports)]
        circuit.cell_row_polarity = [coloquinte.CellRowPolarity.SAME] * count
        circuit.rows = [self._row(row) for row in range(self._plan.rows)]
        self._add_nets(circuit)
        return circuit

    def _start(self, name: str) -> tuple[int, int]:
        instance, core = self._design.instances[name], self._plan.core
        if instance.x is None or instance.y is None:
            return self._scaled((core.left + core.right) // 2, (core.bottom + core.top) // 2)
        return self._scaled(instance.x, instance.y)

    def _row(self, row: int) -> coloquinte.Row:
        bottom = row * SITES_PER_ROW
        area = coloquinte.Rectangle(0, self._plan.sites, bottom, bottom + SITES_PER_ROW)
        return coloquinte.Row(area, _turn(orientation(row)))

    def _add_nets(self, circuit: coloquinte.Circuit) -> None:
        """Add the nets of two ends or more; `_pins` keeps the cell and the net of each end."""
        index = {name: k for k, name in enumerate(self._names)}
        port_index = {name: len(index) + k for k, name in enumerate(self._design.ports)}
        ports = self._design.ports_of()
        nets: list[list[int]] = []
        for net, pins in self._design.nets.items():
            ends = [(index[name], *self._offset(name, pin)) for name, pin in pins]
            ends += [(port_index[port], 0, 0) for port in ports.get(net, [])]
            if len(ends) > 1:
                circuit.add_net(*map(list, zip(*ends, strict=True)))
                nets.append([cell for cell, _, _ in ends])
        self._pins = _pins_of(nets)

    def _offset(self, name: str, pin: str) -> tuple[int, int]:
        x, y = self._design.macro_of(name).pins[pin].position
        return x // SITE, round(y * SITES_PER_ROW / ROW)


def _pins_of(nets: list[list[int]]) -> tuple[Indices, Indices]:
    """Return, for each end of each net in turn, the cell and the net's number."""
    cells = np.array([cell for net in nets for cell in net], np.int64)
    numbers = np.array([k for k, net in enumerate(nets) for _ in net], np.int64)
    return cells, numbers


def _with(values: Sequence[int], places: Iterable[int], new: Floats) -> list[int]:
    """Return the values with those at some places replaced, rounded."""
    changed = list(values)
    for k, value in zip(places, new, strict=True):
        changed[k] = round(float(value))
    return changed


def _turn(name: str) -> coloquinte.CellOrientation:
    return getattr(coloquinte.CellOrientation, name)
