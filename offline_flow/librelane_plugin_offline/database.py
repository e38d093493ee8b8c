"""The design as the steps hand it on: cells, nets, ports, and where they are. All lengths in nm."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from librelane_plugin_offline.grid import ROW
from librelane_plugin_offline.lef import Macro

#: What stands before the words of a FlowError in a step's log.
ERROR_MARK = "[ERROR] "
#: What helps when cells or wires have no room.
MORE_ROOM = "Lower FP_CORE_UTIL, or enlarge DIE_AREA."


class FlowError(Exception):
    """A step cannot go on; the text says why and what the user can do."""


class Rect(NamedTuple):
    """A rectangle: left, bottom, right, top, in nm."""

    left: int
    bottom: int
    right: int
    top: int


class Shape(NamedTuple):
    """A rectangle of a net on a layer ('met1' ... 'via', 'via2' ...)."""

    net: str
    layer: str
    rect: Rect


@dataclass
class Instance:
    """A cell of the netlist. `x`, `y`: its lower left corner, None before placement."""

    master: str
    pins: dict[str, str]  # pin -> net
    fixed: bool = False
    x: int | None = None
    y: int | None = None
    orientation: str = "N"


@dataclass
class Port:
    """A bit of a port; `side` (N, S, E, W) and `x`, `y` (on the die's edge) once placed."""

    direction: str  # 'input', 'output', 'inout'
    net: str
    side: str = ""
    x: int = 0
    y: int = 0


@dataclass
class Floorplan:
    """The core is `rows` rows of `sites` sites; `straps` are (power net, x of the middle)."""

    core: Rect
    die: Rect
    rows: int
    sites: int
    straps: list[tuple[str, int]] = field(default_factory=list)


class Design:
    """A netlist on its way to a layout. `nets` maps each net to its (instance, pin) pairs."""

    def __init__(self, top: str, macros: Mapping[str, Macro]) -> None:
        self.top = top
        self.macros = macros
        self.instances: dict[str, Instance] = {}
        self.nets: dict[str, list[tuple[str, str]]] = {}
        self.ports: dict[str, Port] = {}
        self._plan: Floorplan | None = None

    @property
    def plan(self) -> Floorplan:
        """The floorplan; FlowError before there is one."""
        if self._plan is None:
            raise FlowError("The design has no floorplan yet.")
        return self._plan

    @plan.setter
    def plan(self, plan: Floorplan) -> None:
        self._plan = plan

    def add(self, name: str, instance: Instance) -> None:
        """Add a cell and connect its pins."""
        if instance.master not in self.macros:
            raise FlowError(f"{name}: the library has no cell {instance.master!r}.")
        self.instances[name] = instance
        for pin, net in instance.pins.items():
            self.nets.setdefault(net, []).append((name, pin))

    def reconnect(self, name: str, pin: str, net: str) -> None:
        """Move a pin to another net."""
        instance = self.instances[name]
        self.nets[instance.pins[pin]].remove((name, pin))
        instance.pins[pin] = net
        self.nets.setdefault(net, []).append((name, pin))

    def macro_of(self, name: str) -> Macro:
        """Return the library cell of an instance."""
        return self.macros[self.instances[name].master]

    def placed(self, name: str) -> tuple[int, int]:
        """Return the lower left corner of an instance."""
        instance = self.instances[name]
        if instance.x is None or instance.y is None:
            raise FlowError(f"{name} has not been placed.")
        return instance.x, instance.y

    def pin_position(self, name: str, pin: str) -> tuple[int, int]:
        """Return where a wire meets a pin of a placed cell."""
        x, y = self.placed(name)
        pin_x, pin_y = self.macro_of(name).pins[pin].position
        flipped = self.instances[name].orientation == "FS"
        return x + pin_x, y + (ROW - pin_y if flipped else pin_y)

    def is_output(self, name: str, pin: str) -> bool:
        """Return whether a pin drives its net."""
        return self.macro_of(name).pins[pin].direction == "OUTPUT"

    def driver(self, net: str) -> tuple[str, str] | None:
        """Return the pin that drives a net; None when a port does, or nothing."""
        return next((pin for pin in self.nets[net] if self.is_output(*pin)), None)

    def ports_of(self) -> dict[str, list[str]]:
        """Return the ports of each net that has any."""
        found: dict[str, list[str]] = {}
        for name, port in self.ports.items():
            found.setdefault(port.net, []).append(name)
        return found

    def terminals(self) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """Yield each net with the positions of its pins and ports."""
        ports = self.ports_of()
        for net, pins in self.nets.items():
            points = [self.pin_position(*pin) for pin in pins]
            points += [(self.ports[p].x, self.ports[p].y) for p in ports.get(net, [])]
            yield net, points

    def wire_length(self) -> int:
        """Return the sum of the half perimeters of the nets' bounding boxes, in nm."""
        total = 0
        for _, points in self.terminals():
            if len(points) > 1:
                xs, ys = zip(*points, strict=True)
                total += max(xs) - min(xs) + max(ys) - min(ys)
        return total

    def save(self, path: Path) -> None:
        """Write all but the library, as JSON."""
        content: dict[str, Any] = {
            "top": self.top,
            "instances": {name: asdict(one) for name, one in self.instances.items()},
            "nets": self.nets,
            "ports": {name: asdict(port) for name, port in self.ports.items()},
            "plan": asdict(self.plan),
        }
        path.write_text(json.dumps(content))

    @classmethod
    def load(cls, path: Path, macros: Mapping[str, Macro]) -> "Design":
        """Read what save() has written."""
        content = json.loads(path.read_text())
        design = cls(content["top"], macros)
        design.instances = {n: Instance(**one) for n, one in content["instances"].items()}
        design.nets = {n: [(i, p) for i, p in pins] for n, pins in content["nets"].items()}
        design.ports = {name: Port(**port) for name, port in content["ports"].items()}
        plan = content["plan"]
        straps = [(net, x) for net, x in plan["straps"]]
        design.plan = Floorplan(
            Rect(*plan["core"]), Rect(*plan["die"]), plan["rows"], plan["sites"], straps
        )
        return design
