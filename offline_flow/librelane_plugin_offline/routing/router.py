"""The router: terminals, trees, and the negotiation between nets."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from librelane_plugin_offline.access import Access
from librelane_plugin_offline.database import Design
from librelane_plugin_offline.grid import PITCH_Y, TRACK_Y
from librelane_plugin_offline.ports import port_layer, port_rect
from librelane_plugin_offline.routing.nodes import (
    BLOCKED,
    FREE,
    LAYERS,
    PORT_CLEARANCE,
    Grid,
    column,
    make_grid,
    rows_near,
)
from librelane_plugin_offline.routing.search import Search

#: Price of contested nodes: it grows slowly, with a strong memory, or the search does not settle.
FIRST_PRESSURE, PRESSURE_GROWTH, MOST_PRESSURE = 0.5, 1.3, 12.0
HISTORY_STEP = 0.6
#: Tracks around a net's terminals within which it is routed first; more in later rounds.
FIRST_MARGIN, MARGIN_GROWTH = 4, 2
#: How far the met2 stub of a pin reaches, in nm.
PIN_REACH = 485
#: Nets of more terminals are routed last.
LARGE_NET = 20


@dataclass(frozen=True)
class Terminal:
    """An end of a net: `x`, `y` in nm; the nodes at which a wire may arrive; what it is.

    kind: 'pin' (a cell's landing on met1), 'met2' or 'met3' (a port on the die's edge).
    """

    x: int
    y: int
    nodes: tuple[int, ...]
    kind: str


@dataclass
class RoutedNet:
    """A net on its way: `edges` join nodes, `arrival` is the node of each terminal."""

    name: str
    number: int
    terminals: list[Terminal]
    nodes: set[int] = field(default_factory=set)
    edges: list[tuple[int, int]] = field(default_factory=list)
    arrival: list[int] = field(default_factory=list)
    routed: bool = False


class Router:
    """Routes the nets of a grid. `unrouted` and `contested` say what is wrong at the end."""

    def __init__(self, grid: Grid, nets: list[RoutedNet]) -> None:
        self.grid = grid
        self.nets = nets
        self.iterations = 0
        self._search = Search(len(grid.owner))

    @property
    def unrouted(self) -> list[RoutedNet]:
        """The nets for which there is no way."""
        return [net for net in self.nets if not net.routed]

    @property
    def contested(self) -> list[RoutedNet]:
        """The nets that share a node, or come too near to each other."""
        usage = self._search.usage
        return [net for net in self.nets if any(usage[node] > 1 for node in net.nodes)]

    def run(self, iterations: int, say: Callable[[str], None]) -> bool:
        """Route all nets; return whether that succeeded within so many rounds."""
        order = sorted(self.nets, key=lambda net: (len(net.terminals) > LARGE_NET, _extent(net)))
        pressure, todo = FIRST_PRESSURE, order
        for round_number in range(iterations):
            self.iterations = round_number + 1
            for net in todo:
                self._reroute(net, pressure, FIRST_MARGIN + MARGIN_GROWTH * round_number)
            todo = [*self._note_contested(), *self.unrouted]
            say(f"round {self.iterations}: {len(todo)} of {len(order)} nets to route again")
            if not todo:
                return True
            pressure = min(pressure * PRESSURE_GROWTH, MOST_PRESSURE)
        return False

    def _note_contested(self) -> list[RoutedNet]:
        """Raise the lasting price of contested nodes; return the nets that use them."""
        usage, history = self._search.usage, self._search.history
        contested = self.contested
        for net in contested:
            for node in net.nodes:
                if usage[node] > 1:
                    history[node] += HISTORY_STEP * (usage[node] - 1)
        return contested

    def _reroute(self, net: RoutedNet, pressure: float, margin: int) -> None:
        self._use(net, -1)
        net.nodes, net.edges, net.routed = set(), [], False
        net.arrival = [-1] * len(net.terminals)
        if self._grow_tree(net, pressure, margin):
            self._add_stubs(net, pressure)
            net.routed = True
            self._use(net, 1)
        else:
            net.nodes, net.edges = set(), []

    def _use(self, net: RoutedNet, by: int) -> None:
        """Note the use of the net's nodes, and on met3 of those beside: vias there are wide."""
        used = set(net.nodes)
        for node in net.nodes:
            layer, i, _ = self.grid.where(node)
            if layer == 2:
                used |= {node + self.grid.ny} if i + 1 < self.grid.nx else set()
                used |= {node - self.grid.ny} if i > 0 else set()
        for node in used:
            self._search.usage[node] += by

    def _grow_tree(self, net: RoutedNet, pressure: float, margin: int) -> bool:
        """Connect the terminals, nearest to the tree first; False when one cannot be reached."""
        first, *todo = _from_the_middle(net.terminals)
        done = [first]
        while todo:
            nearest = min(todo, key=lambda t: min(_distance(net, t, d) for d in done))
            todo.remove(nearest)
            if not self._connect(net, first, nearest, pressure, margin):
                return False
            done.append(nearest)
        return True

    def _connect(
        self, net: RoutedNet, first: int, wanted: int, pressure: float, margin: int
    ) -> bool:
        sources = sorted(net.nodes) or list(net.terminals[first].nodes)
        targets = net.terminals[wanted].nodes
        path = self._path(net, sources, targets, pressure, margin)
        if path is None:
            return False
        if not net.nodes:
            net.arrival[first] = path[0]
        net.arrival[wanted] = path[-1]
        net.nodes.update(path)
        net.edges += pairwise(path)
        return True

    def _path(
        self,
        net: RoutedNet,
        sources: list[int],
        targets: tuple[int, ...],
        pressure: float,
        margin: int,
    ) -> list[int] | None:
        """Search near the net first, then everywhere."""
        grid = self.grid
        shape, whole = (grid.nx, grid.ny), (0, grid.nx - 1, 0, grid.ny - 1)
        _, i, j = grid.where(targets[0])
        for goal, box in (((i, j), self._box(net, margin)), ((-1, -1), whole)):
            path = self._search.path(
                shape, grid.owner, net.number, sources, list(targets), goal, box, pressure
            )
            if path is not None:
                return path
        return None

    def _box(self, net: RoutedNet, margin: int) -> tuple[int, int, int, int]:
        places = [self.grid.where(node)[1:] for t in net.terminals for node in t.nodes]
        columns, rows = [i for i, _ in places], [j for _, j in places]
        return (
            max(0, min(columns) - margin),
            min(self.grid.nx - 1, max(columns) + margin),
            max(0, min(rows) - margin),
            min(self.grid.ny - 1, max(rows) + margin),
        )

    def _add_stubs(self, net: RoutedNet, pressure: float) -> None:
        """Give met3 between two vias a wire of one pitch: the pad alone is under its least area."""
        wired = {node for edge in net.edges if _same_layer(self.grid, edge) for node in edge}
        for node in sorted(net.nodes):
            if self.grid.where(node)[0] == 2 and node not in wired:
                stub = self._best_stub(net, node, pressure)
                if stub is not None:
                    net.nodes.add(stub)
                    net.edges.append((node, stub))

    def _best_stub(self, net: RoutedNet, node: int, pressure: float) -> int | None:
        _, i, _ = self.grid.where(node)
        beside = [node + self.grid.ny] if i + 1 < self.grid.nx else []
        beside += [node - self.grid.ny] if i > 0 else []
        usable = [n for n in beside if self.grid.owner[n] in (FREE, net.number)]
        usage, history = self._search.usage, self._search.history
        return min(usable, key=lambda n: history[n] + 10 * usage[n] * pressure, default=None)


def make_router(design: Design, access: Access) -> Router:
    """Return the router of a placed design. Net k may use what is free or reserved for it."""
    grid = make_grid(design, access)
    ports = design.ports_of()
    nets: list[RoutedNet] = []
    for name, pins in design.nets.items():
        terminals = [_pin_terminal(grid, *design.pin_position(*pin)) for pin in pins]
        for port in ports.get(name, []):
            placed = design.ports[port]
            terminals.append(_port_terminal(grid, placed.side, placed.x, placed.y))
        if len(terminals) > 1:
            nets.append(RoutedNet(name, len(nets) + 1, terminals))
    for net in nets:
        for terminal in net.terminals:
            grid.owner[list(terminal.nodes)] = net.number
    _reserve_ports(grid, design, {net.name: net.number for net in nets})
    return Router(grid, nets)


def _pin_terminal(grid: Grid, x: int, y: int) -> Terminal:
    i = column(x)
    nodes = tuple(grid.node(1, i, j) for j in rows_near(y, PIN_REACH, grid.ny))
    return Terminal(x, y, nodes, "pin")


def _port_terminal(grid: Grid, side: str, x: int, y: int) -> Terminal:
    if side in "NS":
        node = grid.node(1, column(x), grid.ny - 1 if side == "N" else 0)
        return Terminal(x, y, (node,), "met2")
    j = (y - TRACK_Y) // PITCH_Y
    node = grid.node(2, grid.nx - 1 if side == "E" else 0, j)
    return Terminal(x, y, (node,), "met3")


def _reserve_ports(grid: Grid, design: Design, numbers: dict[str, int]) -> None:
    """Keep other nets away from the ports' metal, and all nets from ports that lead nowhere."""
    for port in design.ports.values():
        layer = port_layer(port)
        owner = numbers.get(port.net, BLOCKED)
        grid.block(LAYERS.index(layer), port_rect(port), *PORT_CLEARANCE[layer], owner)


def _from_the_middle(terminals: list[Terminal]) -> list[int]:
    x = sum(t.x for t in terminals) / len(terminals)
    y = sum(t.y for t in terminals) / len(terminals)
    order = range(len(terminals))
    return sorted(order, key=lambda k: abs(terminals[k].x - x) + abs(terminals[k].y - y))


def _distance(net: RoutedNet, a: int, b: int) -> int:
    first, second = net.terminals[a], net.terminals[b]
    return abs(first.x - second.x) + abs(first.y - second.y)


def _extent(net: RoutedNet) -> int:
    xs, ys = [t.x for t in net.terminals], [t.y for t in net.terminals]
    return max(xs) - min(xs) + max(ys) - min(ys)


def _same_layer(grid: Grid, edge: tuple[int, int]) -> bool:
    return edge[0] // grid.plane == edge[1] // grid.plane
