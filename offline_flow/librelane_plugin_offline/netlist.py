"""From Yosys's JSON netlist to a Design."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from librelane_plugin_offline.database import Design, FlowError, Instance, Port
from librelane_plugin_offline.lef import Macro


def read_netlist(path: Path, top: str, macros: Mapping[str, Macro]) -> Design:
    """Return the design in module `top`; its cells must all be library cells."""
    module = json.loads(path.read_text())["modules"].get(top)
    if module is None:
        raise FlowError(f"The netlist has no module {top!r}; is DESIGN_NAME the top module?")
    design = Design(top, macros)
    nets = _net_names(module)
    design.nets = {name: [] for name in dict.fromkeys(nets.values())}
    for name, port in module["ports"].items():
        for bit_name, bit in _bits(name, port):
            if bit not in nets:
                raise FlowError(f"Port {bit_name} is tied to a constant, without a tie cell.")
            design.ports[bit_name] = Port(port["direction"], nets[bit])
    for name, cell in module["cells"].items():
        design.add(name, Instance(cell["type"], _connections(name, cell["connections"], nets)))
    return design


def _connections(
    name: str, connections: dict[str, list[Any]], nets: dict[int, str]
) -> dict[str, str]:
    """Return the net of each pin of a cell; pins at no net are left out."""
    for pin, bits in connections.items():
        if bits and bits[0] not in nets:
            raise FlowError(f"{name}: pin {pin} is tied to a constant, without a tie cell.")
    return {pin: nets[bits[0]] for pin, bits in connections.items() if bits}


def _net_names(module: dict[str, Any]) -> dict[int, str]:
    """Name each bit; a bit that is a port's takes the port's name."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for kind in ("ports", "netnames"):
        for name, entry in module[kind].items():
            for bit_name, bit in _bits(name, entry):
                if isinstance(bit, int) and bit not in names:
                    # Verilog's `\a[0] ` is another net than bit 0 of `a`.
                    unique = bit_name if bit_name not in taken else f"{bit_name}_{bit}"
                    names[bit] = unique
                    taken.add(unique)
    return names


def _bits(name: str, entry: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the bits of a port or net with their own names, as 'bus[3]'."""
    bits, offset = entry["bits"], entry.get("offset", 0)
    if len(bits) == 1 and offset == 0:
        return [(name, bits[0])]
    return [(f"{name}[{i + offset}]", bit) for i, bit in enumerate(bits)]
