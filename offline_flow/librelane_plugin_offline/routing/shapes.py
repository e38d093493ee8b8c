"""From routed nets to metal: rectangles for the layout, segments for DEF. Lengths in nm."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from librelane_plugin_offline.database import Rect, Shape
from librelane_plugin_offline.grid import WIDTH, track_x, track_y
from librelane_plugin_offline.routing.nets import RoutedNet, Terminal
from librelane_plugin_offline.routing.nodes import LAYERS, Grid

#: Vias by their lower layer: the name in the technology LEF, and half sizes (x, y) by layer.
VIAS = {
    "met1": ("M1M2_PR", (("met1", 160, 130), ("via", 75, 75), ("met2", 130, 160))),
    "met2": ("M2M3_PR", (("met2", 140, 185), ("via2", 100, 100), ("met3", 165, 165))),
    "met3": ("M3M4_PR", (("met3", 190, 160), ("via3", 100, 100), ("met4", 165, 165))),
}


@dataclass(frozen=True)
class Wire:
    """A straight wire on a layer, along the middle."""

    layer: str
    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def length(self) -> int:
        """The length in nm."""
        return self.x1 - self.x0 + self.y1 - self.y0


@dataclass(frozen=True)
class Via:
    """A via by its lower layer."""

    lower: str
    x: int
    y: int


@dataclass
class NetRoute:
    """The wires and vias of a net."""

    net: str
    wires: list[Wire] = field(default_factory=list)
    vias: list[Via] = field(default_factory=list)

    def shapes(self) -> Iterator[Shape]:
        """Yield the metal and the cuts."""
        for wire in self.wires:
            half = WIDTH[wire.layer] // 2
            rect = Rect(wire.x0 - half, wire.y0 - half, wire.x1 + half, wire.y1 + half)
            yield Shape(self.net, wire.layer, rect)
        for via in self.vias:
            for layer, half_x, half_y in VIAS[via.lower][1]:
                rect = Rect(via.x - half_x, via.y - half_y, via.x + half_x, via.y + half_y)
                yield Shape(self.net, layer, rect)


def net_route(grid: Grid, net: RoutedNet) -> NetRoute:
    """Return the metal of a routed net."""
    route = NetRoute(net.name)
    for edge in net.edges:
        _add_edge(grid, route, *edge)
    for terminal, node in zip(net.terminals, net.arrival, strict=True):
        _add_terminal(grid, route, terminal, node)
    return route


def _add_edge(grid: Grid, route: NetRoute, a: int, b: int) -> None:
    layer_a, i, j = grid.where(a)
    layer_b, k, m = grid.where(b)
    if layer_a == layer_b:
        (x0, x1), (y0, y1) = sorted((track_x(i), track_x(k))), sorted((track_y(j), track_y(m)))
        route.wires.append(Wire(LAYERS[layer_a], x0, y0, x1, y1))
    else:
        route.vias.append(Via(LAYERS[min(layer_a, layer_b)], track_x(i), track_y(j)))


def _add_terminal(grid: Grid, route: NetRoute, terminal: Terminal, node: int) -> None:
    """Join the node at which the tree arrives to the pin or port.

    A port is on the die's edge; its wire begins half a width inside, as wires reach so far beyond
    their ends.
    """
    _, i, j = grid.where(node)
    x, y = track_x(i), track_y(j)
    if terminal.kind == "met3":
        x0, x1 = sorted((_inward(terminal.x, x, "met3"), x))
        route.wires.append(Wire("met3", x0, terminal.y, x1, terminal.y))
        return
    start = terminal.y if terminal.kind == "pin" else _inward(terminal.y, y, "met2")
    y0, y1 = sorted((start, y))
    route.wires.append(Wire("met2", terminal.x, y0, terminal.x, y1))
    if terminal.kind == "pin":
        route.vias.append(Via("met1", terminal.x, terminal.y))


def _inward(edge: int, node: int, layer: str) -> int:
    """Return the place half a width of wire from the die's edge, towards the node."""
    half = WIDTH[layer] // 2
    return edge + half if node > edge else edge - half
