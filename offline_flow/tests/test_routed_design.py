"""A whole small design is placed and routed; then its metal is checked as rectangles."""

import random

import pytest
from checker import Short, outside, pieces, shorts
from conftest import chain

from librelane_plugin_offline.access import Access, Landing, in_place
from librelane_plugin_offline.database import Design, Port, Rect, Shape
from librelane_plugin_offline.floorplan import add_taps, make_floorplan, place_ports
from librelane_plugin_offline.grid import STRAP_HALF
from librelane_plugin_offline.lef import Macro
from librelane_plugin_offline.placement import place
from librelane_plugin_offline.ports import port_layer, port_rect
from librelane_plugin_offline.power_grid import power_grid, skipped_crossings
from librelane_plugin_offline.routing.nodes import BLOCKED
from librelane_plugin_offline.routing.router import make_router
from librelane_plugin_offline.routing.shapes import net_route


def access_of(macros: dict[str, Macro]) -> Access:
    """Return landings that are as large as a via's pad."""
    landings = {}
    for name, macro in macros.items():
        landings[name] = {
            pin: Landing(Rect(x - 160, y - 130, x + 160, y + 130), y, x)
            for pin, one in macro.pins.items()
            for x, y in [one.position]
        }
    return Access(landings, {})


def make_design(macros: dict[str, Macro], inverters: int, unused_ports: int) -> Design:
    design = Design("top", macros)
    chain(design, inverters)
    design.ports["in"] = Port("input", "n0")
    design.ports["out"] = Port("output", f"n{inverters}")
    for k in range(unused_ports):
        design.nets[f"unused[{k}]"] = []
        design.ports[f"unused[{k}]"] = Port("input", f"unused[{k}]")
    make_floorplan(design, 0.4, 1.0)
    place_ports(design)
    add_taps(design)
    place(design, 1, 0.6)
    return design


def all_metal(design: Design) -> list[Shape]:
    """Route; return wires, landings, ports and power."""
    access = access_of(dict(design.macros))
    router = make_router(design, access)
    assert router.run(60, lambda text: None)
    shapes = [s for net in router.nets for s in net_route(router.grid, net).shapes()]
    for name, one in design.instances.items():
        landings = access.landings[one.master]
        shapes += [
            Shape(net, "met1", in_place(design, name, landings[pin].bar))
            for pin, net in one.pins.items()
        ]
    for port in design.ports.values():
        shapes.append(Shape(port.net, port_layer(port), port_rect(port)))
    return shapes + power_grid(design)


@pytest.fixture(params=[(40, 0), (40, 40), (150, 12)], ids=str)
def routed(request: pytest.FixtureRequest, macros: dict[str, Macro]) -> tuple[Design, list[Shape]]:
    design = make_design(macros, *request.param)
    return design, all_metal(design)


def test_every_net_is_whole_and_meets_no_other(routed: tuple[Design, list[Shape]]) -> None:
    design, shapes = routed
    assert shorts(shapes) == set()
    parts = pieces(shapes)
    for net, pins in design.nets.items():
        if pins:
            assert parts[net] == 1
    assert list(outside(shapes, design.plan.die)) == []


def test_a_wire_that_is_taken_away_is_missed(routed: tuple[Design, list[Shape]]) -> None:
    _, shapes = routed
    cuts = [s for s in shapes if s.layer == "via2" and s.net not in ("VPWR", "VGND")]
    cut = random.Random(2).choice(cuts)
    assert pieces([s for s in shapes if s is not cut])[cut.net] > 1


def test_a_wire_that_is_given_to_another_net_is_found(routed: tuple[Design, list[Shape]]) -> None:
    _, shapes = routed
    wire = next(s for s in shapes if s.net == "n3" and s.layer == "met2")
    moved = [s._replace(net="n9") if s is wire else s for s in shapes]
    assert Short("met2", ("n3", "n9")) in shorts(moved)


def test_straps_are_tied_to_rails_except_over_landings(
    routed: tuple[Design, list[Shape]],
) -> None:
    design, shapes = routed
    straps = {net for net, _ in design.plan.straps}
    for net in straps:
        assert any(s.net == net and s.layer == "via" for s in shapes)
    for net, x, _ in skipped_crossings(design):
        assert (net, x) in design.plan.straps
    widths = {s.rect.right - s.rect.left for s in shapes if s.net == "VPWR" and s.layer == "met4"}
    assert widths == {2 * STRAP_HALF}


def test_equal_designs_are_routed_equally(macros: dict[str, Macro]) -> None:
    first, second = (all_metal(make_design(macros, 40, 3)) for _ in range(2))
    assert first == second


def test_other_nets_keep_away_from_ports_also_from_unused_ones(macros: dict[str, Macro]) -> None:
    design = make_design(macros, 40, 10)
    router = make_router(design, access_of(macros))
    numbers = {net.name: net.number for net in router.nets}
    for port in design.ports.values():
        layer, rect = port_layer(port), port_rect(port)
        for node, owner in enumerate(router.grid.owner):
            where, i, j = router.grid.where(node)
            x, y = 230 + 460 * i, 340 + 680 * j
            pad = Shape("", layer, Rect(x - 190, y - 185, x + 190, y + 185))
            if f"met{where + 1}" == layer and shorts([pad, Shape("port", layer, rect)]):
                assert owner == numbers.get(port.net, BLOCKED)
