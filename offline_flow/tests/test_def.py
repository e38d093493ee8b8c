"""DEF is read back by KLayout; its wires have to be where the router has put them."""

from pathlib import Path

import klayout.db as kdb
import pytest
from conftest import cell, core_of

from librelane_plugin_offline.database import Design, Instance, Port
from librelane_plugin_offline.grid import WIDTH
from librelane_plugin_offline.routing.shapes import VIAS, NetRoute, Via, Wire
from librelane_plugin_offline.writers.def_file import name, write_def

ROUTE = NetRoute(
    "n$1",
    [Wire("met2", 1610, 3060, 1610, 5100), Wire("met3", 1610, 5100, 4830, 5100)],
    [Via("met2", 1610, 5100), Via("met1", 1610, 3060)],
)


def layer_lef() -> str:
    """Return a LEF of the metals, cuts and vias, of one cell and the site."""
    lines = ["VERSION 5.7 ;", "UNITS", "DATABASE MICRONS 1000 ;", "END UNITS"]
    for layer, width in WIDTH.items():
        way = "HORIZONTAL" if layer in ("met1", "met3") else "VERTICAL"
        lines += [f"LAYER {layer}", "TYPE ROUTING ;", f"DIRECTION {way} ;", "PITCH 0.5 ;"]
        lines += [f"WIDTH {width / 1000} ;", f"END {layer}"]
        lines += [f"LAYER via{layer[3:]}".replace("via1", "via"), "TYPE CUT ;"]
        lines += [f"END via{layer[3:]}".replace("via1", "via")]
    for via, rects in VIAS.values():
        lines.append(f"VIA {via} DEFAULT")
        for layer, x, y in rects:
            x_um, y_um = x / 1000, y / 1000
            lines += [f"LAYER {layer} ;", f"RECT -{x_um} -{y_um} {x_um} {y_um} ;"]
        lines.append(f"END {via}")
    lines += ["SITE unithd", "CLASS CORE ;", "SIZE 0.46 BY 2.72 ;", "END unithd"]
    inverter = cell("inv_1")
    lines += [f"MACRO {inverter}", "CLASS CORE ;", "SIZE 1.38 BY 2.72 ;"]
    for pin in "AY":
        lines += [
            f"PIN {pin}",
            "PORT",
            "LAYER met1 ;",
            "RECT 0.1 0.9 0.4 1.2 ;",
            "END",
            f"END {pin}",
        ]
    return "\n".join([*lines, f"END {inverter}", "END LIBRARY", ""])


@pytest.fixture
def written(design: Design, tmp_path: Path) -> kdb.Layout:
    """Two inverters, one mirrored, with a routed net and a port on each side, read by KLayout."""
    design.plan = core_of(2, 20)
    design.plan.straps += [("VPWR", 2300), ("VGND", 6900)]
    names = ["u[0]", "g$2"]
    a = Instance(cell("inv_1"), {"A": "in", "Y": "n$1"}, x=920, y=2720)
    b = Instance(cell("inv_1"), {"A": "n$1", "Y": "out[1]"}, x=2300, y=5440, orientation="FS")
    for instance_name, instance in zip(names, (a, b), strict=True):
        design.add(instance_name, instance)
    die = design.plan.die
    design.ports["in"] = Port("input", "in", "W", 0, 3060)
    design.ports["out[1]"] = Port("output", "out[1]", "N", 5290, die.top)
    (tmp_path / "tech.lef").write_text(layer_lef())
    write_def(design, tmp_path / "top.def", [ROUTE])
    options = kdb.LoadLayoutOptions()
    options.lefdef_config.read_lef_with_def = False
    options.lefdef_config.lef_files = [str(tmp_path / "tech.lef")]
    options.lefdef_config.dbu = 0.001
    layout = kdb.Layout()
    layout.read(str(tmp_path / "top.def"), options)
    return layout


def metal(layout: kdb.Layout, layer: str) -> kdb.Region:
    """Return what is on a layer, named as KLayout names it: met2, met2.PIN."""
    for index in layout.layer_indexes():
        if layout.get_info(index).name == layer:
            return kdb.Region(layout.top_cell().begin_shapes_rec(index)).merged()
    return kdb.Region()


def expected(layer: str) -> kdb.Region:
    region = kdb.Region()
    for shape in ROUTE.shapes():
        if shape.layer == layer:
            region.insert(kdb.Box(*shape.rect))
    return region.merged()


def test_the_die_and_the_cells_are_where_they_were(written: kdb.Layout) -> None:
    top = written.top_cell()
    cells = [i for i in top.each_inst() if i.cell.name == cell("inv_1")]
    assert sorted((i.bbox().left, i.bbox().bottom, i.trans.is_mirror()) for i in cells) == [
        (920, 2720, False),
        (2300, 5440, True),
    ]
    assert top.name == "top"


@pytest.mark.parametrize("layer", ["met2", "met3"])
def test_wires_are_where_the_router_put_them(written: kdb.Layout, layer: str) -> None:
    assert (metal(written, layer) ^ expected(layer)).is_empty()
    assert not expected(layer).is_empty()


def test_ports_and_straps_are_drawn(written: kdb.Layout) -> None:
    die_top = written.top_cell().bbox().top
    ports = metal(written, "met2.PIN") + metal(written, "met3.PIN")
    assert [str(p.bbox()) for p in ports.each()] == [
        f"(5220,{die_top - 490};5360,{die_top})",
        "(0,2895;800,3225)",
    ]
    straps = metal(written, "met4")
    assert sorted(p.bbox().center().x for p in straps.each()) == [2300, 6900]


def test_names_are_escaped() -> None:
    assert name("a[3]") == "a[3]"
    assert name("a[3].b") == "a\\[3\\].b"
    assert name("$1") == "\\$1"
    assert name("\\x y") == "xy"
