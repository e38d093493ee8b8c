"""The router: trees, and the negotiation between nets."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from librelane_plugin_offline.access import Access
from librelane_plugin_offline.database import Design
from librelane_plugin_offline.routing.nets import RoutedNet, Terminal, nets_on
from librelane_plugin_offline.routing.nodes import FREE, Grid, make_grid
from librelane_plugin_offline.routing.search import Search

#: Price of contested nodes: it grows slowly, with a strong memory, or the search does not settle.
FIRST_PRESSURE, PRESSURE_GROWTH, MOST_PRESSURE = 0.5, 1.3, 12.0
HISTORY_STEP = 0.6
#: Tracks around a net's terminals within which it is routed first; more in later rounds.
FIRST_MARGIN, MARGIN_GROWTH = 4, 2
#: Nets of more terminals are routed last.
LARGE_NET = 20


class Router:
    """Routes the nets of a grid. `unrouted` and `contested` say what is wrong at the end."""

    def __init__(self, grid: Grid, nets: list[RoutedNet]) -> None:
        self.grid = grid
        self.nets = nets
        self.iterations = 0
        self._search = Search(len(grid.owner))
        self._boxes = {net.number: _box(grid, net) for net in nets}

    @property
    def unrouted(self) -> list[RoutedNet]:
        """The nets for which there is no way."""
        return [net for net in self.nets if not net.routed]

    @property
    def contested(self) -> list[RoutedNet]:
        """The nets that share a node, or come too near to each other."""
        usage = self._search.usage
        return [net for net in self.nets if (usage[net.node_array()] > 1).any()]

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
            nodes = net.node_array()
            history[nodes] += HISTORY_STEP * np.maximum(usage[nodes] - 1, 0)
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
        grid, nodes = self.grid, net.node_array()
        met3 = nodes[nodes // grid.plane == 2]
        i = met3 // grid.ny % grid.nx
        right, left = met3[i + 1 < grid.nx] + grid.ny, met3[i > 0] - grid.ny
        self._search.usage[np.unique(np.concatenate((nodes, right, left)))] += by

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
        left, right, low, high = self._boxes[net.number]
        return (
            max(0, left - margin),
            min(self.grid.nx - 1, right + margin),
            max(0, low - margin),
            min(self.grid.ny - 1, high + margin),
        )

    def _add_stubs(self, net: RoutedNet, pressure: float) -> None:
        """Give met3 between two vias a wire of one pitch: the pad alone is under its least area."""
        met3 = range(2 * self.grid.plane, 3 * self.grid.plane)
        wired = {node for a, b in net.edges if a in met3 and b in met3 for node in (a, b)}
        for node in sorted(net.nodes):
            if node in met3 and node not in wired:
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
    return Router(grid, nets_on(grid, design))


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


def _box(grid: Grid, net: RoutedNet) -> tuple[int, int, int, int]:
    """Return the first and last track around the terminals of a net: in x, then in y."""
    places = [grid.where(node)[1:] for terminal in net.terminals for node in terminal.nodes]
    columns, rows = [i for i, _ in places], [j for _, j in places]
    return min(columns), max(columns), min(rows), max(rows)
