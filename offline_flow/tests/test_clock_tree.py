from collections.abc import Iterator

import pytest
from conftest import cell, core_of

from librelane_plugin_offline.clock_tree import (
    CLOCK_FANOUT,
    buffer_large_nets,
    buffer_tree,
    build_clock_trees,
    clusters,
)
from librelane_plugin_offline.database import Design, Instance, Port
from librelane_plugin_offline.grid import ROW, SITE


def flip_flops(design: Design, count: int, clock: str = "clk") -> None:
    """Add placed flip-flops in rows of ten."""
    for k in range(count):
        pins = {"CLK": clock, "D": "d", "Q": f"q{k}"}
        x, y = (k % 10) * 16 * SITE, (k // 10) * ROW
        design.add(f"ff{k}", Instance(cell("dfxtp_1"), pins, x=x, y=y))
    design.ports[clock] = Port("input", clock)


def sources(design: Design, net: str) -> Iterator[str]:
    """Yield the nets from `net` back through buffers to the root."""
    yield net
    while (driver := design.driver(net)) is not None:
        net = design.instances[driver[0]].pins["A"]
        yield net


def fanouts(design: Design, nets: list[str]) -> list[int]:
    return [sum(not design.is_output(*pin) for pin in design.nets[net]) for net in nets]


@pytest.mark.parametrize("count", [13, 100, 500])
def test_a_clock_tree_bounds_the_fan_out_and_reaches_every_sink(design: Design, count: int) -> None:
    flip_flops(design, count)
    added = build_clock_trees(design, ["clk"])
    trees = [net for net in design.nets if net == "clk" or net.startswith("clkbuf_")]
    assert added == sum("clkbuf" in one.master for one in design.instances.values()) > 0
    assert max(fanouts(design, trees)) <= CLOCK_FANOUT
    depths = {
        len(list(sources(design, design.instances[f"ff{k}"].pins["CLK"]))) for k in range(count)
    }
    assert len(depths) == 1  # as many buffers before each flip-flop
    for k in range(count):
        assert list(sources(design, design.instances[f"ff{k}"].pins["CLK"]))[-1] == "clk"


def test_nets_and_pins_agree_after_buffering(design: Design) -> None:
    flip_flops(design, 100)
    build_clock_trees(design, ["clk"])
    by_net = {(name, pin) for net in design.nets.values() for name, pin in net}
    by_pin = {(name, pin) for name, one in design.instances.items() for pin in one.pins}
    assert by_net == by_pin
    for net, pins in design.nets.items():
        assert all(design.instances[name].pins[pin] == net for name, pin in pins)


def test_a_small_clock_net_and_an_unknown_clock_get_no_buffer(design: Design) -> None:
    flip_flops(design, CLOCK_FANOUT)
    assert build_clock_trees(design, ["clk", "nonsense"]) == 0


def test_two_clocks_do_not_mix(design: Design) -> None:
    flip_flops(design, 40, "clk_a")
    for k in range(40):
        pins = {"CLK": "clk_b", "D": "d", "Q": f"r{k}"}
        design.add(f"gg{k}", Instance(cell("dfxtp_1"), pins, x=0, y=k * ROW))
    design.ports["clk_b"] = Port("input", "clk_b")
    build_clock_trees(design, ["clk_a", "clk_b"])
    assert list(sources(design, design.instances["ff0"].pins["CLK"]))[-1] == "clk_a"
    assert list(sources(design, design.instances["gg0"].pins["CLK"]))[-1] == "clk_b"


def test_large_nets_are_buffered_but_not_the_clock(design: Design) -> None:
    flip_flops(design, 60)
    design.plan = core_of(20, 200)
    added = buffer_large_nets(design, ["clk"], 16)
    assert added > 0
    assert max(fanouts(design, [n for n in design.nets if n != "clk"])) <= 16
    assert len(design.nets["clk"]) == 60
    assert list(sources(design, design.instances["ff0"].pins["D"]))[-1] == "d"


def test_an_output_port_stays_on_the_buffered_net(design: Design) -> None:
    flip_flops(design, 60)
    design.ports["copy"] = Port("output", "d")
    buffer_tree(design, "d", 16, (cell("buf_4"),), "fan")
    assert design.ports["copy"].net == "d"


def test_a_fan_out_of_less_than_two_is_refused(design: Design) -> None:
    flip_flops(design, 4)
    with pytest.raises(ValueError, match="fan-out"):
        buffer_tree(design, "d", 1, (cell("buf_4"),), "fan")


def test_clusters_are_bounded_whole_and_near() -> None:
    points = [(x * 100, y * 100) for x in range(10) for y in range(5)]
    groups = clusters(points, 8)
    assert sorted(k for group in groups for k in group) == list(range(50))
    assert max(map(len, groups)) <= 8
    for group in groups:
        xs = [points[k][0] for k in group]
        assert max(xs) - min(xs) <= 300


def test_points_at_one_place_are_still_divided() -> None:
    assert max(map(len, clusters([(0, 0)] * 100, 12))) <= 12
