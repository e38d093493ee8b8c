"""Layout versus schematic, down to the transistors, with KLayout.

The schematic is the placed netlist over the library's SPICE cells. The layout's netlist is
extracted from the GDSII. Cells of the same name are compared one by one, then the design's own
netlist.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import klayout.db as kdb

from librelane_plugin_offline.database import Design
from librelane_plugin_offline.grid import GROUND, POWER
from librelane_plugin_offline.layers import DRAWING, LABEL

NMOS, PMOS = "sky130_fd_pr__nfet_01v8", "sky130_fd_pr__pfet_01v8_hvt"
THREADS = 2
#: Conducting layers from the wells up, and what joins what.
CONDUCTORS = (
    "nwell",
    "psd",
    "nsd",
    "polyc",
    "licon",
    "li1",
    "mcon",
    "met1",
    "via",
    "met2",
    "via2",
    "met3",
    "via3",
    "met4",
    "ntap",
    "ptap",
)
#: The layers as drawn from which the others follow.
DRAWN = (
    "nwell",
    "diff",
    "tap",
    "poly",
    "polyres",
    "licon",
    "li1",
    "mcon",
    "met1",
    "via",
    "met2",
    "via2",
    "met3",
    "via3",
    "met4",
)
JOINS = (
    ("psd", "licon"),
    ("nsd", "licon"),
    ("polyc", "licon"),
    ("ntap", "licon"),
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
    ("ntap", "nwell"),
)


@dataclass(frozen=True)
class LvsResult:
    """What the comparison found. `mismatches` names what differs, layout then schematic."""

    match: bool
    devices: int
    nets: tuple[int, int]
    pins: tuple[int, int]
    mismatches: list[str] = field(default_factory=list)


def write_schematic(design: Design, cell_spice: Path, path: Path) -> None:
    """Write the placed netlist over the SPICE of its cells, from the folder `cell_spice`."""
    lines = ["* the placed netlist"]
    pins: dict[str, list[str]] = {}
    for master in sorted({one.master for one in design.instances.values()}):
        source = (cell_spice / f"{master}.spice").read_text()
        pins[master] = re.search(r"^\.subckt \S+ (.*)$", source, re.M)[1].split()  # type: ignore[index]
        lines += _cell(source)
    ports = dict.fromkeys(_node(port.net) for port in design.ports.values())
    lines.append(f".subckt {design.top} {' '.join([*ports, POWER, GROUND])}")
    lines += _instances(design, pins)
    path.write_text("\n".join([*lines, ".ends"]) + "\n")


def _cell(source: str) -> Iterator[str]:
    """Yield a library cell with transistors as MOS devices; diodes and resistors are left out."""
    for line in source.splitlines():
        if line.startswith("X"):
            yield from _transistor(line.split())
        elif line.startswith("."):
            yield line


def _transistor(words: list[str]) -> Iterator[str]:
    sizes = dict(word.split("=") for word in words if "=" in word)
    *nodes, model = [word for word in words[1:] if "=" not in word]
    if "fet" in model:
        width, length = (float(sizes[key].rstrip("u")) * 1e-6 for key in ("w", "l"))
        kind = PMOS if "pfet" in model else NMOS
        yield f"M{words[0][1:]} {' '.join(nodes)} {kind} w={width:g}u l={length:g}u"


def _instances(design: Design, pins: dict[str, list[str]]) -> Iterator[str]:
    power = {POWER: POWER, "VPB": POWER, GROUND: GROUND, "VNB": GROUND}
    open_pins = 0
    for name, one in design.instances.items():
        nodes = []
        for pin in pins[one.master]:
            net = power.get(pin) or one.pins.get(pin)
            if net is None:
                open_pins += 1
                net = f"open{open_pins}"
            nodes.append(_node(net))
        yield f"X{_node(name)} {' '.join(nodes)} {one.master}"


def _node(name: str) -> str:
    return name.replace("$", "_d_").replace("\\", "").replace(" ", "")


def run_lvs(design: Design, gds: Path, schematic: Path, database: Path, spice: Path) -> LvsResult:
    """Compare; write the comparison for KLayout's browser and the extracted netlist as SPICE."""
    layout = kdb.Layout()
    layout.read(str(gds))
    lvs = _extract(layout, layout.cell(design.top))
    extracted = lvs.netlist()
    extracted.combine_devices()
    extracted.make_top_level_pins()
    extracted.purge()
    extracted.purge_nets()
    reference = _read_schematic(schematic)
    writer = kdb.NetlistSpiceWriter()
    writer.use_net_names = True
    extracted.write(str(spice), writer)
    lvs.reference = reference
    _flatten_strangers(extracted, reference)
    comparer = kdb.NetlistComparer()
    comparer.max_depth, comparer.max_branch_complexity = 200, 5000
    match = lvs.compare(comparer)
    lvs.write(str(database))
    return _result(lvs, extracted, reference, design.top, match)


def _extract(layout: kdb.Layout, top: kdb.Cell) -> kdb.LayoutVsSchematic:
    lvs = kdb.LayoutVsSchematic(kdb.RecursiveShapeIterator(layout, top, []))
    lvs.threads = THREADS
    regions = _device_layers(lvs, layout)
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
    for name in CONDUCTORS:
        lvs.connect(regions[name])
    for one, other in JOINS:
        lvs.connect(regions[one], regions[other])
    for metal, number in LABEL.items():
        lvs.connect(regions[metal], lvs.make_text_layer(layout.layer(*number), f"{metal}_label"))
    lvs.connect_global(regions["bulk"], GROUND)
    lvs.connect_global(regions["ptap"], GROUND)
    lvs.extract_netlist()
    return lvs


def _device_layers(lvs: kdb.LayoutVsSchematic, layout: kdb.Layout) -> dict[str, kdb.Region]:
    """Return the drawn layers and those that follow from them, by name."""
    drawn = {name: lvs.make_layer(layout.layer(*DRAWING[name]), name) for name in DRAWN}
    p_active, n_active = drawn["diff"] & drawn["nwell"], drawn["diff"] - drawn["nwell"]
    p_gate, n_gate = p_active & drawn["poly"], n_active & drawn["poly"]
    derived = {
        "pgate": p_gate,
        "ngate": n_gate,
        "psd": p_active - p_gate,
        "nsd": n_active - n_gate,
        "ntap": drawn["tap"] & drawn["nwell"],
        "ptap": drawn["tap"] - drawn["nwell"],
        "polyc": drawn["poly"] - drawn["polyres"],
    }
    for name, region in derived.items():
        lvs.register(region, name)
    return {**drawn, **derived, "bulk": lvs.make_layer("bulk")}


def _read_schematic(path: Path) -> kdb.Netlist:
    netlist = kdb.Netlist()
    netlist.read(str(path), kdb.NetlistSpiceReader())
    netlist.combine_devices()
    netlist.purge()
    netlist.purge_nets()
    return netlist


def _flatten_strangers(one: kdb.Netlist, other: kdb.Netlist) -> None:
    """Dissolve circuits that only one side has (fill cells, say), so that the levels agree."""
    for netlist, opposite in ((one, other), (other, one)):
        known = {circuit.name.upper() for circuit in opposite.each_circuit()}
        for circuit in list(netlist.each_circuit()):
            if circuit.name.upper() not in known:
                netlist.flatten_circuit(circuit)


def _result(
    lvs: kdb.LayoutVsSchematic, layout: kdb.Netlist, schematic: kdb.Netlist, top: str, match: bool
) -> LvsResult:
    sides = [_circuit(netlist, top) for netlist in (layout, schematic)]
    good = (kdb.NetlistCrossReference.Match, kdb.NetlistCrossReference.MatchWithWarning)
    bad = [pair for pair in lvs.xref().each_circuit_pair() if pair.status() not in good]
    names = [
        " / ".join(c.name if c else "-" for c in (pair.first(), pair.second())) for pair in bad
    ]
    return LvsResult(
        match,
        _devices(sides[0], {}),
        (len(list(sides[0].each_net())), len(list(sides[1].each_net()))),
        (sides[0].pin_count(), sides[1].pin_count()),
        names,
    )


def _circuit(netlist: kdb.Netlist, name: str) -> kdb.Circuit:
    return next(c for c in netlist.each_circuit() if c.name.upper() == name.upper())


def _devices(circuit: kdb.Circuit, known: dict[str, int]) -> int:
    """Count the transistors of a circuit and all below it."""
    if circuit.name not in known:
        below = sum(_devices(sub.circuit_ref(), known) for sub in circuit.each_subcircuit())
        known[circuit.name] = below + len(list(circuit.each_device()))
    return known[circuit.name]
