"""A small hand-made library, and designs in it, so that most tests need no PDK."""

import pytest
from builds import builds, open_folder, pdk_root

from librelane_plugin_offline.database import Design, Floorplan, Instance, Rect
from librelane_plugin_offline.grid import LIBRARY, ROW, SITE
from librelane_plugin_offline.lef import Macro, Pin

__all__ = ["builds", "open_folder", "pdk_root"]

#: Cells by name: width in sites, and pins with their direction and position in nm.
_CELLS: dict[str, tuple[int, dict[str, tuple[str, int, int]]]] = {
    "inv_1": (3, {"A": ("INPUT", 230, 1020), "Y": ("OUTPUT", 690, 1700)}),
    "nand2_1": (
        3,
        {"A": ("INPUT", 690, 1020), "B": ("INPUT", 230, 1020), "Y": ("OUTPUT", 1150, 1700)},
    ),
    "buf_4": (6, {"A": ("INPUT", 230, 1020), "X": ("OUTPUT", 1610, 1700)}),
    "clkbuf_4": (6, {"A": ("INPUT", 230, 1020), "X": ("OUTPUT", 1610, 1700)}),
    "clkbuf_8": (11, {"A": ("INPUT", 230, 1020), "X": ("OUTPUT", 2990, 1700)}),
    "dfxtp_1": (
        16,
        {
            "CLK": ("INPUT", 230, 1020),
            "D": ("INPUT", 1610, 1020),
            "Q": ("OUTPUT", 6670, 1700),
        },
    ),
    "tapvpwrvgnd_1": (1, {}),
    "fill_1": (1, {}),
    "fill_2": (2, {}),
    "fill_4": (4, {}),
    "fill_8": (8, {}),
}


def cell(name: str) -> str:
    """Return a library cell's whole name."""
    return LIBRARY + name


@pytest.fixture
def macros() -> dict[str, Macro]:
    """The library."""
    return {
        cell(name): Macro(
            sites * SITE,
            ROW,
            {pin: Pin(way, "SIGNAL", (x, y), True) for pin, (way, x, y) in pins.items()},
        )
        for name, (sites, pins) in _CELLS.items()
    }


@pytest.fixture
def design(macros: dict[str, Macro]) -> Design:
    """An empty design."""
    return Design("top", macros)


def core_of(rows: int, sites: int) -> Floorplan:
    """Return a floorplan without straps and with narrow margins."""
    left, bottom = 2 * SITE, ROW
    core = Rect(left, bottom, left + sites * SITE, bottom + rows * ROW)
    return Floorplan(core, Rect(0, 0, core.right + left, core.top + bottom), rows, sites)


def chain(design: Design, length: int) -> None:
    """Add a chain of inverters: net n0 drives i0, which drives n1, and so on."""
    for k in range(length):
        design.add(f"i{k}", Instance(cell("inv_1"), {"A": f"n{k}", "Y": f"n{k + 1}"}))
