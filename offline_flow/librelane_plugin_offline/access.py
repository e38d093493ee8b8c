"""Where wires may land on a cell's pins: made once per cell by the PDK maker. Lengths in nm."""

import json
from dataclasses import dataclass
from pathlib import Path

from librelane_plugin_offline.database import Design, Rect
from librelane_plugin_offline.grid import LIBRARY, ROW


@dataclass(frozen=True)
class Landing:
    """The met1 bar of a pin, and the x of its contact down to li1 (None: the pin is on met1)."""

    bar: Rect
    y: int
    contact_x: int | None


@dataclass(frozen=True)
class Access:
    """Landings by cell and pin, and the cells' own met1 besides rails, by cell."""

    landings: dict[str, dict[str, Landing]]
    metal: dict[str, list[Rect]]

    @classmethod
    def load(cls, path: Path) -> "Access":
        """Read the PDK's access.json."""
        content = json.loads(path.read_text())
        landings = {
            LIBRARY + cell: {
                pin: Landing(Rect(*one["bar"]), one["y"], one["mcon"]) for pin, one in pins.items()
            }
            for cell, pins in content["pins"].items()
        }
        metal = {
            LIBRARY + cell: [Rect(*rect) for rect in rects]
            for cell, rects in content["met1"].items()
        }
        return cls(landings, metal)


def in_place(design: Design, name: str, rect: Rect) -> Rect:
    """Return where a rectangle of a cell lies once the cell is placed."""
    x, y = design.placed(name)
    if design.instances[name].orientation == "FS":
        return Rect(x + rect.left, y + ROW - rect.top, x + rect.right, y + ROW - rect.bottom)
    return Rect(x + rect.left, y + rect.bottom, x + rect.right, y + rect.top)
