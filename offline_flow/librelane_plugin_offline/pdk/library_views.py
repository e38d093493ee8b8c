"""The library's views: GDSII, LEF, Verilog and CDL of all cells in one, SPICE by cell, timing."""

from pathlib import Path

import klayout.db as kdb

from librelane_plugin_offline.grid import LIBRARY
from librelane_plugin_offline.pdk import cells
from librelane_plugin_offline.pdk.files import put

NAME = "sky130_fd_sc_hd"
LEF_HEAD = 'VERSION 5.7 ;\nBUSBITCHARS "[]" ;\nDIVIDERCHAR "/" ;\n'
LEF_END = "\nEND LIBRARY\n"


def write(folder: Path, names: list[str]) -> kdb.Layout:
    """Write all views; return the layout that holds all cells."""
    put(folder / "lef" / f"{NAME}.lef", LEF_HEAD + "\n".join(map(_macro, names)) + LEF_END)
    put(folder / "verilog" / f"{NAME}__blackbox.v", _joined(names, ".blackbox.v"))
    put(folder / "cdl" / f"{NAME}.cdl", _joined(names, ".cdl"))
    put(folder / "lib" / cells.LIBERTY, cells.liberty())
    for name in names:
        put(folder / "spice" / f"{LIBRARY}{name}.spice", _spice(name))
    return _write_layout(folder / "gds" / f"{NAME}.gds", names)


def _macro(name: str) -> str:
    lef = cells.view(name, ".lef").read_text()
    return lef[lef.index("MACRO") : lef.rindex("END LIBRARY")]


def _joined(names: list[str], suffix: str) -> str:
    """Return a view of all cells that have it."""
    paths = (cells.view(name, suffix) for name in names)
    return "\n".join(path.read_text() for path in paths if path.exists())


def _spice(name: str) -> str:
    """Return a cell's transistors.

    Some netlists name 'special_nfet_01v8' or 'special_pfet_01v8_hvt' where the layout has the
    ordinary transistor.
    """
    return cells.view(name, ".spice").read_text().replace("__special_", "__")


def _write_layout(path: Path, names: list[str]) -> kdb.Layout:
    merged = kdb.Layout()
    merged.dbu = 0.001
    for name in names:
        layout = kdb.Layout()
        layout.read(str(cells.view(name, ".gds")))
        merged.create_cell(LIBRARY + name).copy_tree(layout.cell(LIBRARY + name))
    options = kdb.SaveLayoutOptions()
    options.format, options.gds2_write_timestamps = "GDS2", False
    path.parent.mkdir(parents=True)
    merged.write(str(path), options)
    return merged
