"""The netlist is read back by Yosys, which has to see the same connections."""

from itertools import pairwise
from pathlib import Path

import pytest
from conftest import cell
from tools import run_yosys

from librelane_plugin_offline.database import Design, Instance, Port
from librelane_plugin_offline.netlist import read_netlist
from librelane_plugin_offline.writers.verilog import escaped, write_verilog

#: Names as they come out of synthesis of real designs.
NAMES = ("plain", "$abc$123", "u1.q", "a[0]", "mem[3][1]", "9lives", "x y".replace(" ", "-"), "bus")

Connections = set[frozenset[tuple[str, str]]]


@pytest.fixture
def tricky(design: Design) -> Design:
    """Inverters and nets of awkward names between a bus, a scalar and two outputs of one net."""
    design.ports["in[0]"] = Port("input", "in[0]")
    design.ports["in[2]"] = Port("input", "in[2]")
    design.ports["out"] = Port("output", "out")
    design.ports["copy"] = Port("output", "out")
    nets = ["in[0]", *NAMES, "out"]
    for k, (a, y) in enumerate(pairwise(nets)):
        design.add(f"{NAMES[k % len(NAMES)]}.i{k}", Instance(cell("inv_1"), {"A": a, "Y": y}))
    design.nets.setdefault("in[2]", [])
    design.add("open", Instance(cell("inv_1"), {"A": "plain"}))
    design.add("TAP_0", Instance(cell("tapvpwrvgnd_1"), {}, fixed=True, x=0, y=0))
    return design


def connections(design: Design) -> Connections:
    """Return which pins and ports are joined, without the names of nets.

    Yosys gives back names that are no plain identifiers with the backslash before them.
    """
    ports = design.ports_of()
    return {
        frozenset(
            [
                *((name.removeprefix("\\"), pin) for name, pin in pins),
                *(("PORT", port) for port in ports.get(net, [])),
            ]
        )
        for net, pins in design.nets.items()
        if pins
    }


def read_back(design: Design, path: Path, *, power: bool = False) -> Design:
    """Have Yosys read a netlist, with empty modules for the cells."""
    supply = ", inout VPWR, inout VPB, inout VGND, inout VNB" if power else ""
    inverter = f"module {cell('inv_1')}(input A, output Y{supply}); endmodule\n"
    tap = f"module {cell('tapvpwrvgnd_1')}(inout VPWR, inout VGND); endmodule\n"
    models, out = path.with_name("models.v"), path.with_name("back.json")
    models.write_text(inverter + tap)
    commands = (
        f"read_verilog -lib {models}",
        f"read_verilog {path}",
        "hierarchy -check -top top",
        "proc",
        "splitnets",
        f"write_json {out}",
    )
    run_yosys(commands)
    return read_netlist(out, "top", design.macros)


def test_yosys_reads_the_same_connections(tricky: Design, tmp_path: Path) -> None:
    write_verilog(tricky, tmp_path / "top.v")
    back = read_back(tricky, tmp_path / "top.v")
    assert connections(back) == connections(tricky)
    assert set(tricky.ports) < set(back.ports)
    assert set(back.ports) - set(tricky.ports) == {"in[1]"}  # the gap in the bus


def test_cells_without_signals_are_in_the_powered_netlist_alone(
    tricky: Design, tmp_path: Path
) -> None:
    write_verilog(tricky, tmp_path / "plain.v")
    write_verilog(tricky, tmp_path / "powered.v", powered=True)
    assert "TAP_0" not in (tmp_path / "plain.v").read_text()
    back = read_back(tricky, tmp_path / "powered.v", power=True)
    assert "TAP_0" in back.instances
    on_power = {name for name, _ in back.nets["VPWR"]}
    assert on_power == set(back.instances)


def test_names_are_escaped_where_verilog_asks_for_it() -> None:
    assert escaped("plain_1$x") == "plain_1$x"
    assert escaped("$abc") == "\\$abc "
    assert escaped("\\a[0]") == "\\a[0] "
