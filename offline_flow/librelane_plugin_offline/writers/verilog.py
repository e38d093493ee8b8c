"""The netlist as structural Verilog, with or without power pins."""

import re
from collections.abc import Iterator
from pathlib import Path

from librelane_plugin_offline.database import Design, Instance
from librelane_plugin_offline.grid import GROUND, POWER

_PLAIN = re.compile(r"[A-Za-z_][\w$]*")
_BIT = re.compile(r"(.*)\[(\d+)\]")
#: The power pins of cells; taps have no well pins of their own.
_POWER_PINS = {POWER: POWER, "VPB": POWER, GROUND: GROUND, "VNB": GROUND}


def write_verilog(design: Design, path: Path, *, powered: bool = False) -> None:
    """Write the netlist. Without power, cells that have no signal pin are left out."""
    lines = [*_header(design, powered), *_wires(design), *_cells(design, powered), "endmodule"]
    path.write_text("\n".join(lines) + "\n")


def escaped(name: str) -> str:
    """Return an identifier as Verilog takes it; an escaped one ends with a space."""
    name = name.removeprefix("\\").rstrip()
    return name if _PLAIN.fullmatch(name) else f"\\{name} "


def _reference(port: str) -> str:
    """Return a bit of a port as an expression."""
    bit = _BIT.fullmatch(port)
    return f"{escaped(bit[1])}[{bit[2]}]" if bit else escaped(port)


def _header(design: Design, powered: bool) -> Iterator[str]:
    buses: dict[str, list[int]] = {}
    directions: dict[str, str] = {}
    for name, port in design.ports.items():
        bit = _BIT.fullmatch(name)
        base = bit[1] if bit else name
        directions[base] = port.direction
        buses.setdefault(base, []).extend([int(bit[2])] if bit else [])
    power = [POWER, GROUND] if powered else []
    yield f"module {escaped(design.top)} ({', '.join([*map(escaped, buses), *power])});"
    for base, bits in buses.items():
        width = f"[{max(bits)}:{min(bits)}] " if bits else ""
        yield f"  {directions[base]} {width}{escaped(base)};"
    if powered:
        yield f"  inout {POWER}, {GROUND};"


def _names(design: Design) -> dict[str, str]:
    """Return each net's expression: its port's, if it has one."""
    ports = design.ports_of()
    return {net: _reference(ports[net][0]) if net in ports else escaped(net) for net in design.nets}


def _wires(design: Design) -> Iterator[str]:
    ports, names = design.ports_of(), _names(design)
    for net in design.nets:
        if net not in ports:
            yield f"  wire {names[net]};"
    for net, of_net in ports.items():
        for other in of_net[1:]:
            yield f"  assign {_reference(other)} = {names[net]};"


def _cells(design: Design, powered: bool) -> Iterator[str]:
    names = _names(design)
    for name, one in design.instances.items():
        if one.pins or powered:
            pins = [f".{pin}({names[net]})" for pin, net in one.pins.items()]
            pins += _power_pins(one) if powered else []
            yield f"  {one.master} {escaped(name)} ({', '.join(pins)});"


def _power_pins(one: Instance) -> list[str]:
    wells = "tap" not in one.master
    return [f".{p}({net})" for p, net in _POWER_PINS.items() if wells or p in (POWER, GROUND)]
