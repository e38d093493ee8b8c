"""Reading the placement view of the library: a LEF with one met1 landing per signal pin."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Pin:
    """A pin: its direction, use, and the middle of its first rectangle, in nm."""

    direction: str = "INOUT"
    use: str = "SIGNAL"
    position: tuple[int, int] = (0, 0)
    has_shape: bool = False


@dataclass
class Macro:
    """A library cell: size in nm, and its pins."""

    width: int = 0
    height: int = 0
    pins: dict[str, Pin] = field(default_factory=dict)


def read_lef(path: Path) -> dict[str, Macro]:
    """Return the macros of a LEF file by name."""
    macros: dict[str, Macro] = {}
    macro, pin = Macro(), None
    for line in path.read_text().splitlines():
        words = line.split()
        match words:
            case ["MACRO", name]:
                macro = macros[name] = Macro()
                pin = None
            case ["SIZE", width, "BY", height, ";"]:
                macro.width, macro.height = _nm(width), _nm(height)
            case ["PIN", name]:
                pin = macro.pins[name] = Pin()
            case ["OBS"]:
                pin = None
            case ["DIRECTION", direction, ";"] if pin:
                pin.direction = direction
            case ["USE", use, ";"] if pin:
                pin.use = use
            case ["RECT", *corners, ";"] if pin and not pin.has_shape:
                left, bottom, right, top = map(_nm, corners)
                pin.position, pin.has_shape = ((left + right) // 2, (bottom + top) // 2), True
    return macros


def _nm(micrometres: str) -> int:
    return round(float(micrometres) * 1000)
