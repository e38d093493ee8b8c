"""What placement and routing read: a LEF with one landing per pin, and the landings' metal. nm."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from librelane_plugin_offline.database import Rect
from librelane_plugin_offline.grid import LIBRARY
from librelane_plugin_offline.pdk import config_tcl
from librelane_plugin_offline.pdk.celllef import CellLef
from librelane_plugin_offline.pdk.files import put
from librelane_plugin_offline.pdk.library_views import LEF_END, LEF_HEAD
from librelane_plugin_offline.pdk.pin_places import HALF_X, HALF_Y, Place


@dataclass(frozen=True)
class Studied:
    """A cell's abstract, the landing of each signal pin, and its met1 besides the rails."""

    abstract: CellLef
    landings: dict[str, Place]
    metal: list[Rect]


def write(folder: Path, cells: Mapping[str, Studied]) -> None:
    """Write the views and the lists of cells that steps leave out."""
    macros = "\n".join(_macro(name, cell) for name, cell in cells.items())
    put(folder / "pnr.lef", LEF_HEAD + macros + LEF_END)
    put(folder / "access.json", _access(cells))
    put(folder / "synth_exclude.txt", config_tcl.SYNTHESIS_EXCLUDES)
    put(folder / "pnr_exclude.txt", "")


def _access(cells: Mapping[str, Studied]) -> str:
    """Return the landings (bar, via's y, contact's x) by cell and pin, and the met1 by cell."""
    pins = {
        name: {
            pin: {"bar": place.bar, "y": place.y, "mcon": place.contact_x}
            for pin, place in cell.landings.items()
        }
        for name, cell in cells.items()
    }
    return json.dumps({"pins": pins, "met1": {name: cell.metal for name, cell in cells.items()}})


def _macro(name: str, cell: Studied) -> str:
    size = f"{_um(cell.abstract.width)} BY {_um(cell.abstract.height)}"
    lines = [f"MACRO {LIBRARY}{name}", "  CLASS CORE ;", "  ORIGIN 0 0 ;", f"  SIZE {size} ;"]
    lines += ["  SYMMETRY X Y ;", "  SITE unithd ;", *_pins(cell)]
    return "\n".join([*lines, f"END {LIBRARY}{name}", ""])


def _pins(cell: Studied) -> Iterator[str]:
    for pin, place in cell.landings.items():
        yield f"  PIN {pin}"
        yield f"    DIRECTION {cell.abstract.pins[pin].direction} ;"
        yield "    USE SIGNAL ;"
        corners = (place.x - HALF_X, place.y - HALF_Y, place.x + HALF_X, place.y + HALF_Y)
        rect = " ".join(map(_um, corners))
        yield f"    PORT\n      LAYER met1 ;\n        RECT {rect} ;\n    END\n  END {pin}"


def _um(nanometres: int) -> str:
    return f"{nanometres / 1000:.3f}"
