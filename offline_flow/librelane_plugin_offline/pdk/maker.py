"""Putting the PDK's folder together. Lengths in nm."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import klayout.db as kdb
import sky130

from librelane_plugin_offline.grid import LIBRARY
from librelane_plugin_offline.layers import DRAWING, LOOKS
from librelane_plugin_offline.pdk import cells, config_tcl
from librelane_plugin_offline.pdk.celllef import CellLef, read_cell
from librelane_plugin_offline.pdk.pin_access import HALF_X, HALF_Y, Cell, Place, choose

_LEF_HEAD = 'VERSION 5.7 ;\nBUSBITCHARS "[]" ;\nDIVIDERCHAR "/" ;\n'


class Maker:
    """Makes the PDK in `root`, a new folder."""

    def __init__(self, root: Path) -> None:
        self._reference = root / "libs.ref" / "sky130_fd_sc_hd"
        self._technology = root / "libs.tech"
        self._landings: dict[str, dict[str, Place]] = {}
        self._metal: dict[str, list[tuple[int, ...]]] = {}
        self._abstracts: dict[str, CellLef] = {}

    def make(self) -> None:
        """Make everything."""
        layout = self._merge_layouts()
        for name in cells.names():
            self._study(name, layout)
        self._write_placement_views()
        self._write_library_views()
        self._write_technology()

    def _put(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def _merge_layouts(self) -> kdb.Layout:
        merged = kdb.Layout()
        merged.dbu = 0.001
        for name in cells.names():
            layout = kdb.Layout()
            layout.read(str(cells.view(name, ".gds")))
            merged.create_cell(LIBRARY + name).copy_tree(layout.cell(LIBRARY + name))
        options = kdb.SaveLayoutOptions()
        options.format, options.gds2_write_timestamps = "GDS2", False
        out = self._reference / "gds" / "sky130_fd_sc_hd.gds"
        out.parent.mkdir(parents=True)
        merged.write(str(out), options)
        return merged

    def _study(self, name: str, layout: kdb.Layout) -> None:
        """Choose the landings of a cell's pins."""
        abstract = read_cell(cells.view(name, ".lef"))
        cell = Cell(name, abstract, layout, layout.cell(LIBRARY + name))
        self._abstracts[name] = abstract
        self._landings[name] = choose(cell)
        self._metal[name] = [tuple(rect) for rect in cell.internal_metal()]

    def _write_placement_views(self) -> None:
        folder = self._technology / "offline"
        macros = [self._macro(name) for name in self._abstracts]
        self._put(folder / "pnr.lef", _LEF_HEAD + "\n".join(macros) + "\nEND LIBRARY\n")
        pins = {
            name: {
                pin: {"bar": list(place.bar), "y": place.y, "mcon": place.contact_x}
                for pin, place in places.items()
            }
            for name, places in self._landings.items()
        }
        self._put(folder / "access.json", json.dumps({"pins": pins, "met1": self._metal}))
        self._put(folder / "synth_exclude.txt", config_tcl.SYNTHESIS_EXCLUDES)
        self._put(folder / "pnr_exclude.txt", "")

    def _macro(self, name: str) -> str:
        abstract = self._abstracts[name]
        size = f"  SIZE {_um(abstract.width)} BY {_um(abstract.height)} ;"
        lines = [f"MACRO {LIBRARY}{name}", "  CLASS CORE ;", "  ORIGIN 0 0 ;", size]
        lines += ["  SYMMETRY X Y ;", "  SITE unithd ;", *self._pins(name)]
        return "\n".join([*lines, f"END {LIBRARY}{name}", ""])

    def _pins(self, name: str) -> Iterator[str]:
        for pin, place in self._landings[name].items():
            yield f"  PIN {pin}"
            yield f"    DIRECTION {self._abstracts[name].pins[pin].direction} ;"
            yield "    USE SIGNAL ;"
            corners = (place.x - HALF_X, place.y - HALF_Y, place.x + HALF_X, place.y + HALF_Y)
            rect = " ".join(map(_um, corners))
            yield f"    PORT\n      LAYER met1 ;\n        RECT {rect} ;\n    END\n  END {pin}"

    def _write_library_views(self) -> None:
        views = {suffix: _texts(suffix) for suffix in (".lef", ".blackbox.v", ".cdl")}
        macros = [_macro_of(text) for text in views[".lef"]]
        lef = _LEF_HEAD + "\n".join(macros) + "\nEND LIBRARY\n"
        self._put(self._reference / "lef" / "sky130_fd_sc_hd.lef", lef)
        models = "\n".join(views[".blackbox.v"])
        self._put(self._reference / "verilog" / "sky130_fd_sc_hd__blackbox.v", models)
        self._put(self._reference / "cdl" / "sky130_fd_sc_hd.cdl", "\n".join(views[".cdl"]))
        self._put(self._reference / "lib" / cells.LIBERTY, cells.liberty())
        for name in cells.names():
            spice = cells.view(name, ".spice").read_text().replace("special_", "")
            self._put(self._reference / "spice" / f"{LIBRARY}{name}.spice", spice)

    def _write_technology(self) -> None:
        lef = cells.source() / "tech" / "sky130_fd_sc_hd__nom.tlef"
        self._put(self._reference / "techlef" / lef.name, lef.read_text())
        klayout = self._technology / "klayout"
        self._put(klayout / "sky130A.lyp", _layer_properties())
        self._put(klayout / "sky130A.map", "")
        source = Path(sky130.__file__).parent / "klayout" / "tech.lyt"
        shutil.copy(source, klayout / "sky130A.lyt")
        tcl = self._technology / "librelane"
        self._put(tcl / "config.tcl", config_tcl.TECHNOLOGY)
        self._put(tcl / "sky130_fd_sc_hd" / "config.tcl", config_tcl.LIBRARY)


def _texts(suffix: str) -> list[str]:
    """Return a view of all cells that have it."""
    paths = (cells.view(name, suffix) for name in cells.names())
    return [path.read_text() for path in paths if path.exists()]


def _macro_of(lef: str) -> str:
    return lef[lef.index("MACRO") :].split("END LIBRARY")[0]


def _um(nanometres: int) -> str:
    return f"{nanometres / 1000:.3f}"


def _layer_properties() -> str:
    """Return KLayout's layer properties: what is drawn how."""
    entries = []
    for look in LOOKS:
        layer, datatype = DRAWING[look.layer]
        entries.append(
            f"<properties><frame-color>{look.colour}</frame-color>"
            f"<fill-color>{look.colour}</fill-color><dither-pattern>{look.pattern}</dither-pattern>"
            f"<visible>true</visible><valid>true</valid><name>{escape(look.layer)}</name>"
            f"<source>{layer}/{datatype}@1</source></properties>"
        )
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f"{head}\n<layer-properties>{''.join(entries)}</layer-properties>\n"
