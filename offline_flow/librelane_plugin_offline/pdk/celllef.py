"""Reading a cell's LEF: size, pins with their shapes, obstructions. Lengths in nm."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from librelane_plugin_offline.database import Rect

_PIN = re.compile(r"\n  PIN (\S+)\n(.*?)\n  END \1", re.S)


@dataclass
class CellPin:
    """A pin and its shapes by layer."""

    direction: str
    use: str
    shapes: dict[str, list[Rect]] = field(default_factory=dict)

    @property
    def is_signal(self) -> bool:
        """Whether a wire comes to it."""
        return self.use in ("SIGNAL", "CLOCK")


@dataclass
class CellLef:
    """A cell's abstract."""

    width: int
    height: int
    pins: dict[str, CellPin]
    obstructions: dict[str, list[Rect]]


def read_cell(path: Path) -> CellLef:
    """Read the LEF of one cell."""
    text = path.read_text()
    size = re.search(r"SIZE\s+([\d.]+)\s+BY\s+([\d.]+)", text)
    assert size, f"{path} states no size"  # noqa: S101 - the package would be broken
    pins = {match[1]: _pin(match[2]) for match in _PIN.finditer(text)}
    obstructions = re.search(r"\n  OBS\n(.*?)\n  END", text, re.S)
    shapes = _shapes(obstructions[1]) if obstructions else {}
    return CellLef(_nm(size[1]), _nm(size[2]), pins, shapes)


def _pin(text: str) -> CellPin:
    direction, use = re.search(r"DIRECTION\s+(\w+)", text), re.search(r"USE\s+(\w+)", text)
    return CellPin(
        direction[1] if direction else "INOUT", use[1] if use else "SIGNAL", _shapes(text)
    )


def _shapes(text: str) -> dict[str, list[Rect]]:
    shapes: dict[str, list[Rect]] = {}
    layer = ""
    for line in text.splitlines():
        match line.split():
            case ["LAYER", name, *_]:
                layer = name
            case ["RECT", left, bottom, right, top, *_]:
                rect = Rect(_nm(left), _nm(bottom), _nm(right), _nm(top))
                shapes.setdefault(layer, []).append(rect)
    return shapes


def _nm(micrometres: str) -> int:
    return round(float(micrometres) * 1000)
