"""What is to be routed: the nets of a placed design with their terminals on the grid."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from librelane_plugin_offline.database import Design
from librelane_plugin_offline.grid import PITCH_Y, TRACK_Y
from librelane_plugin_offline.ports import port_layer, port_rect
from librelane_plugin_offline.routing.nodes import (
    BLOCKED,
    LAYERS,
    PORT_CLEARANCE,
    Grid,
    column,
    rows_near,
)

#: How far the met2 stub of a pin reaches, in nm.
PIN_REACH = 485


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

    def node_array(self) -> NDArray[np.int64]:
        """Return the nodes in no order."""
        return np.fromiter(self.nodes, np.int64, len(self.nodes))


def nets_on(grid: Grid, design: Design) -> list[RoutedNet]:
    """Return the nets to route, and reserve their terminals' nodes. They are numbered from 1."""
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
    return nets


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
