"""The schematic: a SPICE netlist of the placed design over the library's cells.

Cells without transistors or resistors (fill, taps, antenna diodes) are left out on both sides.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from librelane_plugin_offline.database import Design, FlowError
from librelane_plugin_offline.grid import GROUND, POWER
from librelane_plugin_offline.lvs.models import NMOS, PMOS, RESISTOR

#: The net of each supply pin of a cell.
SUPPLY = {POWER: POWER, "VPB": POWER, GROUND: GROUND, "VNB": GROUND}


def write_schematic(design: Design, cell_spice: Path, path: Path) -> None:
    """Write the placed netlist over the SPICE of its cells, from the folder `cell_spice`."""
    masters = sorted({one.master for one in design.instances.values()})
    cells = {master: _Cell(cell_spice / f"{master}.spice") for master in masters}
    used = {master: cell for master, cell in cells.items() if cell.devices}
    nodes = node_names(design)
    ports = dict.fromkeys(nodes[port.net] for port in design.ports.values())
    lines = ["* the placed netlist", *(line for cell in used.values() for line in cell.lines())]
    lines.append(f".subckt {design.top} {' '.join([*ports, POWER, GROUND])}")
    lines += _instances(design, used, nodes)
    path.write_text("\n".join([*lines, ".ends"]) + "\n")


def node_names(design: Design) -> dict[str, str]:
    """Return a name for each net that SPICE can take. SPICE does not tell 'a' from 'A'."""
    return _spice_names(design.nets, taken=SUPPLY)


def _spice_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    result: dict[str, str] = {}
    used = {name.upper() for name in taken}
    for name in names:
        plain = spice_name = re.sub(r"[^\w\[\].]", "_", name)
        count = 1
        while spice_name.upper() in used:
            count += 1
            spice_name = f"{plain}__{count}"
        used.add(spice_name.upper())
        result[name] = spice_name
    return result


class _Cell:
    """A library cell: its pins in order, and its devices as SPICE lines."""

    def __init__(self, path: Path) -> None:
        source = path.read_text()
        head = re.search(r"^\.subckt (\S+) (.*)$", source, re.M | re.I)
        if not head:
            raise FlowError(f"{path.name} holds no .subckt.")
        self.name, self.pins = head[1], head[2].split()
        self.devices = [found for line in source.splitlines() if (found := _device(line.split()))]

    def lines(self) -> list[str]:
        return [f".subckt {self.name} {' '.join(self.pins)}", *self.devices, ".ends"]


def _device(words: list[str]) -> str:
    """Return a device of a cell as KLayout reads it; nothing for other lines."""
    sizes = dict(word.lower().split("=") for word in words if "=" in word)
    rest = [word for word in words if "=" not in word]
    if len(rest) == 6 and "fet" in rest[5]:
        name, *nodes, model = rest
        kind = PMOS if "pfet" in model else NMOS
        width, length = (float(sizes[key].rstrip("u")) / 1e6 for key in ("w", "l"))
        return f"M{name[1:]} {' '.join(nodes)} {kind} w={width:g}u l={length:g}u"
    if len(rest) == 4 and rest[0].upper().startswith("R"):
        return f"{rest[0]} {rest[1]} {rest[2]} 1 {RESISTOR}"
    return ""


def _instances(design: Design, cells: dict[str, _Cell], nodes: dict[str, str]) -> Iterator[str]:
    names = _spice_names(design.instances)
    open_pins = 0
    for name, one in design.instances.items():
        if one.master not in cells:
            continue
        words = []
        for pin in cells[one.master].pins:
            if pin in SUPPLY:
                words.append(SUPPLY[pin])
            elif pin in one.pins:
                words.append(nodes[one.pins[pin]])
            else:
                open_pins += 1
                words.append(f"open.{open_pins}")
        yield f"X{names[name]} {' '.join(words)} {one.master}"
