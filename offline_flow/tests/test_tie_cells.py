"""Constants: a tie cell joins a port to a supply through a resistor, and is no short."""

from pathlib import Path

import klayout.db as kdb

from librelane_plugin_offline.grid import LIBRARY
from librelane_plugin_offline.lvs.extract import extract
from librelane_plugin_offline.lvs.models import RESISTOR


def test_a_tie_cell_is_two_resistors(pdk_root: Path) -> None:
    layout = kdb.Layout()
    layout.read(str(next(pdk_root.glob("sky130A/libs.ref/*/gds/*.gds"))))
    lvs = extract(layout, layout.cell(f"{LIBRARY}conb_1"))
    [circuit] = lvs.netlist().each_circuit()
    joined = {
        frozenset(
            device.net_for_terminal(one.id()).name
            for one in device.device_class().terminal_definitions()
        )
        for device in circuit.each_device()
        if device.device_class().name == RESISTOR.upper()
    }
    assert joined == {frozenset({"VGND", "LO"}), frozenset({"VPWR", "HI"})}
