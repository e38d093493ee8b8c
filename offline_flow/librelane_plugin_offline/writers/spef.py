"""SPEF (IEEE 1481): the wires' resistance and capacitance, estimated from length and vias.

Not an extraction: no coupling, one value per um for all layers. Good enough to see that wires cost
time; the values are typical of sky130's met2 and met3.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from librelane_plugin_offline.database import Design
from librelane_plugin_offline.routing.shapes import NetRoute

PF_PER_UM, PF_PER_VIA = 0.000155, 0.00001
OHM_PER_UM, OHM_PER_VIA = 0.45, 6.0
LEAST_OHM = 0.1

_HEAD = """\
*SPEF "IEEE 1481-1998"
*DESIGN "{top}"
*DATE "-"
*VENDOR "a6hub"
*PROGRAM "librelane_plugin_offline"
*VERSION "1"
*DESIGN_FLOW "NETLIST_TYPE_VERILOG"
*DIVIDER /
*DELIMITER :
*BUS_DELIMITER [ ]
*T_UNIT 1 NS
*C_UNIT 1 PF
*R_UNIT 1 OHM
*L_UNIT 1 HENRY
"""
_PORT = re.compile(r"[A-Za-z_]\w*(\[\d+\])?")


def write_spef(design: Design, routes: Iterable[NetRoute], path: Path) -> None:
    """Write the parasitics of the routed nets."""
    lines = [_HEAD.format(top=design.top)]
    for route in routes:
        lines += _net(design, route)
    path.write_text("\n".join(lines) + "\n")


def estimate(route: NetRoute) -> tuple[float, float]:
    """Return capacitance in pF and resistance in ohm of a net's wires."""
    length = sum(wire.length for wire in route.wires) / 1000
    vias = len(route.vias)
    return length * PF_PER_UM + vias * PF_PER_VIA, length * OHM_PER_UM + vias * OHM_PER_VIA


def port_name(text: str) -> str:
    """Escape a port's special characters; the index of a bus's bit stays as it is."""
    return text if _PORT.fullmatch(text) else name(text)


def name(text: str) -> str:
    """Escape a name's special characters; inner nets are no buses: brackets are of the name."""
    return re.sub(r"([^\w\\])", r"\\\1", text)


def _net(design: Design, route: NetRoute) -> Iterator[str]:
    ports = [(p, design.ports[p].direction) for p in design.ports_of().get(route.net, [])]
    driver = design.driver(route.net)
    inputs = (port_name(p) for p, d in ports if d == "input")
    source = _node(*driver) if driver else next(inputs, None)
    if source is None:
        return
    pins = [pin for pin in design.nets[route.net] if pin != driver]
    sinks = [_node(*pin) for pin in pins] + [port_name(p) for p, d in ports if d == "output"]
    picofarads, ohms = estimate(route)
    net = port_name(ports[0][0]) if ports else name(route.net)
    yield f"*D_NET {net} {picofarads:.6f}"
    yield "*CONN"
    if driver:
        yield f"*I {source} O"
    yield from (f"*P {port_name(p)} {'I' if d == 'input' else 'O'}" for p, d in ports)
    yield from (f"*I {_node(*pin)} I" for pin in pins)
    yield "*CAP"
    share = picofarads / (len(sinks) + 1)
    yield from (f"{k} {node} {share:.7f}" for k, node in enumerate([source, *sinks], 1))
    yield "*RES"
    # A sink sees about the root of its share: the tree's trunk is common to all.
    each = max(LEAST_OHM, ohms / max(1, len(sinks)) ** 0.5)
    yield from (f"{k} {source} {node} {each:.3f}" for k, node in enumerate(sinks, 1))
    yield "*END\n"


def _node(instance: str, pin: str) -> str:
    return f"{name(instance)}:{pin}"
