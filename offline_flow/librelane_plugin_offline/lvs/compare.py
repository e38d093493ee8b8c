"""The comparison of the two netlists, and what it found in words."""

import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any

import klayout.db as kdb

from librelane_plugin_offline.database import Design
from librelane_plugin_offline.grid import GROUND, POWER
from librelane_plugin_offline.lvs.extract import extract
from librelane_plugin_offline.lvs.models import RESISTOR
from librelane_plugin_offline.lvs.schematic import node_names

#: How deep the comparer looks for a match where names and neighbours do not tell.
MAX_DEPTH, MAX_BRANCHES = 200, 5000
#: How many differences are told.
MOST_TOLD = 50
_GOOD = (kdb.NetlistCrossReference.Match, kdb.NetlistCrossReference.MatchWithWarning)


@dataclass(frozen=True)
class LvsResult:
    """What the comparison found. Pairs are (layout, schematic); `mismatches` says what differs."""

    match: bool
    devices: int
    nets: tuple[int, int]
    pins: tuple[int, int]
    mismatches: list[str] = field(default_factory=list)


def run_lvs(design: Design, gds: Path, schematic: Path, database: Path, spice: Path) -> LvsResult:
    """Compare; write the comparison for KLayout's browser and the extracted netlist as SPICE."""
    layout = kdb.Layout()
    layout.read(str(gds))
    lvs = extract(layout, layout.cell(design.top))
    writer = kdb.NetlistSpiceWriter()
    writer.use_net_names = True
    lvs.netlist().write(str(spice), writer)
    lvs.reference = _read(schematic)
    for netlist in (lvs.netlist(), lvs.reference):
        _ignore_resistance(netlist)
    comparer = kdb.NetlistComparer()
    comparer.max_depth, comparer.max_branch_complexity = MAX_DEPTH, MAX_BRANCHES
    missing = list(_tie_ports(comparer, lvs, design))
    match = bool(lvs.compare(comparer)) and not missing
    lvs.write(str(database))
    return _result(lvs, design.top, match, missing)


def _read(path: Path) -> kdb.Netlist:
    netlist = kdb.Netlist()
    netlist.read(str(path), kdb.NetlistSpiceReader())
    netlist.combine_devices()
    netlist.purge_nets()
    return netlist


def _ignore_resistance(netlist: kdb.Netlist) -> None:
    device = netlist.device_class_by_name(RESISTOR.upper())
    if device:
        ids = [parameter.id() for parameter in device.parameter_definitions()]
        ignored = (kdb.EqualDeviceParameters.ignore(one) for one in ids)
        device.equal_parameters = reduce(operator.add, ignored)


def _tie_ports(
    comparer: kdb.NetlistComparer, lvs: kdb.LayoutVsSchematic, design: Design
) -> Iterator[str]:
    """Require that ports are the same by name: without this, swapped ports would be a match.

    Yields the ports without a label in the layout, or without a net in the schematic.
    """
    sides = [_circuit(netlist, design.top) for netlist in (lvs.netlist(), lvs.reference)]
    labels = {label: net for net in sides[0].each_net() for label in net.name.split(",")}
    nodes = node_names(design)
    wanted = {name: nodes[port.net].upper() for name, port in design.ports.items()}
    for name, node in {**wanted, POWER: POWER, GROUND: GROUND}.items():
        net, other = labels.get(name), sides[1].net_by_name(node)
        if net and other:
            comparer.same_nets(sides[0], sides[1], net, other, True)
        elif net or other or name in (POWER, GROUND):
            yield f"{design.top}: port {name} is missing in the {'schematic' if net else 'layout'}"


def _result(lvs: kdb.LayoutVsSchematic, top: str, match: bool, missing: list[str]) -> LvsResult:
    layout, schematic = (_circuit(netlist, top) for netlist in (lvs.netlist(), lvs.reference))
    return LvsResult(
        match,
        _devices(layout, {}),
        (len(list(layout.each_net())), len(list(schematic.each_net()))),
        (layout.pin_count(), schematic.pin_count()),
        [] if match else [*missing, *islice(_differences(lvs.xref()), MOST_TOLD)],
    )


def _differences(found: kdb.NetlistCrossReference) -> Iterator[str]:
    """Yield what has no partner or not the right one: 'circuit: kind layout / schematic'."""
    for pair in found.each_circuit_pair():
        if pair.status() in _GOOD:
            continue
        circuit = _both(side.name if side else None for side in (pair.first(), pair.second()))
        inside: dict[str, Iterable[Any]] = {
            "net": found.each_net_pair(pair),
            "pin": found.each_pin_pair(pair),
            "device": found.each_device_pair(pair),
            "cell": found.each_subcircuit_pair(pair),
        }
        told = [
            f"{circuit}: {kind} {_names(one)}"
            for kind, pairs in inside.items()
            for one in pairs
            if one.status() not in _GOOD
        ]
        yield from told or [circuit]


def _names(pair: Any) -> str:
    sides = (pair.first(), pair.second())
    return _both(side.expanded_name() if side else None for side in sides)


def _both(names: Iterable[str | None]) -> str:
    return " / ".join(name or "nothing" for name in names)


def _circuit(netlist: kdb.Netlist, name: str) -> kdb.Circuit:
    return next(c for c in netlist.each_circuit() if c.name.upper() == name.upper())


def _devices(circuit: kdb.Circuit, known: dict[str, int]) -> int:
    """Count the devices of a circuit and all below it."""
    if circuit.name not in known:
        below = sum(_devices(sub.circuit_ref(), known) for sub in circuit.each_subcircuit())
        known[circuit.name] = below + len(list(circuit.each_device()))
    return known[circuit.name]
