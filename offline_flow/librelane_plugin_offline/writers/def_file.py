"""DEF 5.8: the placed and routed design. Lengths in nm (1000 database units per micron)."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from librelane_plugin_offline.database import Design
from librelane_plugin_offline.grid import (
    GROUND,
    POWER,
    RAIL_HALF,
    ROW,
    SITE,
    STRAP_HALF,
    orientation,
)
from librelane_plugin_offline.ports import port_layer, port_rect
from librelane_plugin_offline.routing.shapes import VIAS, NetRoute


def write_def(design: Design, path: Path, routes: Iterable[NetRoute] = ()) -> None:
    """Write the design, with its wires if there are any yet."""
    by_net = {route.net: route for route in routes}
    lines = [*_head(design), *_rows(design), *_components(design), *_pins(design)]
    lines += [*_power(design), *_nets(design, by_net), "END DESIGN"]
    path.write_text("\n".join(lines) + "\n")


def name(text: str) -> str:
    """Escape a name: brackets that are no bus index, and what else DEF reserves."""
    text = text.replace("\\", "").replace(" ", "")
    index = re.fullmatch(r"(.*)(\[\d+\])", text)
    body, tail = (index[1], index[2]) if index else (text, "")
    return re.sub(r"([\[\]$])", r"\\\1", body) + tail


def _head(design: Design) -> Iterator[str]:
    die = design.plan.die
    yield from ("VERSION 5.8 ;", 'DIVIDERCHAR "/" ;', 'BUSBITCHARS "[]" ;')
    yield f"DESIGN {design.top} ;"
    yield "UNITS DISTANCE MICRONS 1000 ;"
    yield f"DIEAREA ( 0 0 ) ( {die.right} {die.top} ) ;"


def _rows(design: Design) -> Iterator[str]:
    plan = design.plan
    for row in range(plan.rows):
        y = plan.core.bottom + row * ROW
        grid = f"DO {plan.sites} BY 1 STEP {SITE} 0"
        yield f"ROW ROW_{row} unithd {plan.core.left} {y} {orientation(row)} {grid} ;"


def _components(design: Design) -> Iterator[str]:
    yield f"COMPONENTS {len(design.instances)} ;"
    for instance_name, one in design.instances.items():
        place = ""
        if one.x is not None:
            state = "FIXED" if one.fixed else "PLACED"
            place = f" + {state} ( {one.x} {one.y} ) {one.orientation}"
        yield f"- {name(instance_name)} {one.master}{place} ;"
    yield "END COMPONENTS"


def _pins(design: Design) -> Iterator[str]:
    yield f"PINS {len(design.ports) + 2} ;"
    for port_name, port in design.ports.items():
        box = port_rect(port)
        left, bottom, right, top = (
            box.left - port.x,
            box.bottom - port.y,
            box.right - port.x,
            box.top - port.y,
        )
        metal = f"LAYER {port_layer(port)} ( {left} {bottom} ) ( {right} {top} )"
        what = f"+ NET {name(port.net)} + DIRECTION {port.direction.upper()} + USE SIGNAL"
        yield f"- {port_name} {what} + PORT + {metal} + FIXED ( {port.x} {port.y} ) N ;"
    core = design.plan.core
    height = core.top - core.bottom + RAIL_HALF
    box_text = f"LAYER met4 ( -{STRAP_HALF} -{RAIL_HALF} ) ( {STRAP_HALF} {height} )"
    for net, use in ((POWER, "POWER"), (GROUND, "GROUND")):
        metal = " ".join(
            f"+ PORT + {box_text} + FIXED ( {x} {core.bottom} ) N"
            for strap, x in design.plan.straps
            if strap == net
        )
        yield f"- {net} + NET {net} + SPECIAL + DIRECTION INOUT + USE {use} {metal} ;"
    yield "END PINS"


def _power(design: Design) -> Iterator[str]:
    core = design.plan.core
    bottom, top = core.bottom - RAIL_HALF, core.top + RAIL_HALF
    yield "SPECIALNETS 2 ;"
    for net, use in ((POWER, "POWER"), (GROUND, "GROUND")):
        xs = [x for strap, x in design.plan.straps if strap == net]
        wires = "".join(
            f"\n  {'NEW' if k else '+ ROUTED'} met4 {2 * STRAP_HALF} + SHAPE STRIPE "
            f"( {x} {bottom} ) ( {x} {top} )"
            for k, x in enumerate(xs)
        )
        yield f"- {net} ( * {net} ) + USE {use}{wires} ;"
    yield "END SPECIALNETS"


def _nets(design: Design, routes: dict[str, NetRoute]) -> Iterator[str]:
    ports = design.ports_of()
    yield f"NETS {len(design.nets)} ;"
    for net, pins in design.nets.items():
        ends = [f"( PIN {port} )" for port in ports.get(net, [])]
        ends += [f"( {name(instance)} {pin} )" for instance, pin in pins]
        wires = "".join(
            f"\n  {'NEW' if k else '+ ROUTED'} {text}"
            for k, text in enumerate(_segments(routes[net]) if net in routes else ())
        )
        yield f"- {name(net)} {' '.join(ends)}{wires} ;"
    yield "END NETS"


def _segments(route: NetRoute) -> Iterator[str]:
    for wire in route.wires:
        yield f"{wire.layer} ( {wire.x0} {wire.y0} ) ( {wire.x1} {wire.y1} )"
    for via in route.vias:
        yield f"{via.lower} ( {via.x} {via.y} ) {VIAS[via.lower][0]}"
