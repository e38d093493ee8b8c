"""The layout's netlist: devices and what joins them, cell by cell as the layout is built."""

import klayout.db as kdb

from librelane_plugin_offline.grid import GROUND
from librelane_plugin_offline.layers import DRAWING, LABEL, region
from librelane_plugin_offline.lvs.models import NMOS, PMOS, RESISTOR

THREADS = 2
#: The layers as drawn from which the others follow.
DRAWN = (
    *("nwell", "diff", "tap", "poly", "polyres", "licon", "li1", "mcon"),
    *("met1", "via", "met2", "via2", "met3", "via3", "met4"),
)
#: What joins what; shapes of a layer join each other.
JOINS = (
    ("psd", "licon"),
    ("nsd", "licon"),
    ("polyc", "licon"),
    ("ntap", "licon"),
    ("ntap", "nwell"),
    ("ptap", "licon"),
    ("licon", "li1"),
    ("li1", "mcon"),
    ("mcon", "met1"),
    ("met1", "via"),
    ("via", "met2"),
    ("met2", "via2"),
    ("via2", "met3"),
    ("met3", "via3"),
    ("via3", "met4"),
)


def extract(layout: kdb.Layout, top: kdb.Cell) -> kdb.LayoutVsSchematic:
    """Return the comparison with its layout side filled. The layout is changed: see `dissolve`."""
    dissolve(layout, top)
    lvs = kdb.LayoutVsSchematic(kdb.RecursiveShapeIterator(layout, top, []))
    lvs.threads = THREADS
    regions = _layers(lvs, layout)
    _extract_devices(lvs, regions)
    _connect(lvs, layout, regions)
    lvs.extract_netlist()
    _simplify(lvs.netlist())
    return lvs


def dissolve(layout: kdb.Layout, top: kdb.Cell) -> None:
    """Replace the cells without devices by their merged shapes in the top cell.

    The geometry stays the same. But where there were tens of thousands of fill cells there are then
    a few long rails, and extraction takes a tenth of the time.
    """
    without = [cell for cell in layout.each_cell() if cell != top and not _has_device(layout, cell)]
    indices = {cell.cell_index() for cell in without}
    gathered = layout.create_cell("DISSOLVED")
    for instance in [one for one in top.each_inst() if one.cell_index in indices]:
        gathered.insert(instance.cell_inst)
        instance.delete()
    for layer in layout.layer_indexes():
        top.shapes(layer).insert(kdb.Region(gathered.begin_shapes_rec(layer)).merged())
    gathered.delete()
    layout.delete_cells(sorted(indices))


def _has_device(layout: kdb.Layout, cell: kdb.Cell) -> bool:
    poly, diff, resistor = (region(layout, cell, name) for name in ("poly", "diff", "polyres"))
    return not ((poly & diff).is_empty() and (poly & resistor).is_empty())


def _layers(lvs: kdb.LayoutVsSchematic, layout: kdb.Layout) -> dict[str, kdb.Region]:
    """Return the drawn layers and those that follow from them, by name."""
    drawn = {name: lvs.make_layer(layout.layer(*DRAWING[name]), name) for name in DRAWN}
    diff, tap, nwell, poly = (drawn[name] for name in ("diff", "tap", "nwell", "poly"))
    p_active, n_active = diff & nwell, diff - nwell
    p_gate, n_gate = p_active & poly, n_active & poly
    derived = {
        "pgate": p_gate,
        "ngate": n_gate,
        "psd": p_active - p_gate,
        "nsd": n_active - n_gate,
        "ntap": tap & nwell,
        "ptap": tap - nwell,
        "resistor": poly & drawn["polyres"],
        "polyc": poly - drawn["polyres"],
    }
    for name, one in derived.items():
        lvs.register(one, name)
    return {**drawn, **derived, "bulk": lvs.make_layer("bulk")}


def _extract_devices(lvs: kdb.LayoutVsSchematic, regions: dict[str, kdb.Region]) -> None:
    for model, source, gate, well in (
        (PMOS, "psd", "pgate", "nwell"),
        (NMOS, "nsd", "ngate", "bulk"),
    ):
        layers: dict[str, kdb.ShapeCollection] = {
            "SD": regions[source],
            "G": regions[gate],
            "P": regions["polyc"],
            "W": regions[well],
        }
        lvs.extract_devices(kdb.DeviceExtractorMOS4Transistor(model.upper()), layers)
    ends: dict[str, kdb.ShapeCollection] = {"R": regions["resistor"], "C": regions["polyc"]}
    lvs.extract_devices(kdb.DeviceExtractorResistor(RESISTOR.upper(), 1.0), ends)


def _connect(
    lvs: kdb.LayoutVsSchematic, layout: kdb.Layout, regions: dict[str, kdb.Region]
) -> None:
    for name in dict.fromkeys(name for pair in JOINS for name in pair):
        lvs.connect(regions[name])
    for one, other in JOINS:
        lvs.connect(regions[one], regions[other])
    for metal, number in LABEL.items():
        lvs.connect(regions[metal], lvs.make_text_layer(layout.layer(*number), f"{metal}_label"))
    lvs.connect_global(regions["bulk"], GROUND)
    lvs.connect_global(regions["ptap"], GROUND)


def _simplify(netlist: kdb.Netlist) -> None:
    """Join parallel transistors, make labelled nets ports, drop what holds no device."""
    netlist.combine_devices()
    netlist.make_top_level_pins()
    netlist.purge()
    netlist.purge_nets()
