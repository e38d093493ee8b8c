"""Layers of sky130: GDSII numbers, and the colours of pictures."""

from dataclasses import dataclass

import klayout.db as kdb

Number = tuple[int, int]

#: Drawing layers by name: GDSII layer and datatype.
DRAWING: dict[str, Number] = {
    "nwell": (64, 20),
    "diff": (65, 20),
    "tap": (65, 44),
    "poly": (66, 20),
    "licon": (66, 44),
    "li1": (67, 20),
    "mcon": (67, 44),
    "met1": (68, 20),
    "via": (68, 44),
    "met2": (69, 20),
    "via2": (69, 44),
    "met3": (70, 20),
    "via3": (70, 44),
    "met4": (71, 20),
    "via4": (71, 44),
    "met5": (72, 20),
    "boundary": (235, 4),
    "polyres": (66, 15),  # as the library marks the resistors of its tie cells
}
#: Where ports are drawn, and where their names are written, by metal.
PIN = {"met2": (69, 16), "met3": (70, 16), "met4": (71, 16)}
LABEL = {"li1": (67, 5), "met1": (68, 5), "met2": (69, 5), "met3": (70, 5), "met4": (71, 5)}


@dataclass(frozen=True)
class Look:
    """How a layer is drawn: a colour and KLayout's number of a fill pattern."""

    layer: str
    colour: str
    pattern: str


#: From bottom to top. The cells are pale so that wires stand out, on white as on black.
#: Patterns: I0 is solid, I1 hollow, the others are hatched.
LOOKS = (
    Look("boundary", "#8899aa", "I1"),
    Look("nwell", "#efe6d2", "I0"),
    Look("diff", "#bfe0b4", "I0"),
    Look("poly", "#f0b8ae", "I0"),
    Look("li1", "#cfc6e6", "I0"),
    Look("met1", "#3f8fe0", "I0"),
    Look("met4", "#f0a020", "I9"),
    Look("met3", "#16a37a", "I0"),
    Look("met2", "#d02f9b", "I0"),
    Look("via", "#5b1148", "I0"),
    Look("via2", "#0b4a38", "I0"),
    Look("via3", "#6b4408", "I0"),
)


def region(layout: kdb.Layout, cell: kdb.Cell, layer: str) -> kdb.Region:
    """Return all of a layer below a cell, merged."""
    index = layout.layer(*DRAWING[layer])
    return kdb.Region(cell.begin_shapes_rec(index)).merged()
