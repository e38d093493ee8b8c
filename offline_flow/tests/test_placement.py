import random
from collections.abc import Callable

import pytest
from conftest import cell, chain

from librelane_plugin_offline.database import Design, Instance, Port
from librelane_plugin_offline.fill import add_fill
from librelane_plugin_offline.floorplan import add_taps, make_floorplan, place_ports
from librelane_plugin_offline.grid import ROW, SITE
from librelane_plugin_offline.lef import Macro
from librelane_plugin_offline.placement import improve, overlaps, place

EFFORT = 1


def floorplan(design: Design, utilization: float) -> None:
    design.ports["in"] = Port("input", "n0")
    make_floorplan(design, utilization, 1.0)
    place_ports(design)
    add_taps(design)


@pytest.fixture
def placed(design: Design) -> Design:
    """A placed chain of 60 inverters and some flip-flops."""
    chain(design, 60)
    for k in range(10):
        pins = {"CLK": "clk", "D": f"n{k}", "Q": f"q{k}"}
        design.add(f"ff{k}", Instance(cell("dfxtp_1"), pins))
    floorplan(design, 0.5)
    place(design, EFFORT, 0.6)
    return design


def test_nothing_overlaps_and_all_is_on_the_grid(placed: Design) -> None:
    core = placed.plan.core
    assert overlaps(placed) == 0
    taken: set[tuple[int, int]] = set()
    for name, one in placed.instances.items():  # not overlaps() itself: it could be wrong
        x, y = placed.placed(name)
        width = placed.macro_of(name).width
        row = (y - core.bottom) // ROW
        assert (x - core.left) % SITE == (y - core.bottom) % ROW == 0
        assert core.left <= x <= core.right - width
        assert core.bottom <= y <= core.top - ROW
        assert one.orientation == ("N" if row % 2 == 0 else "FS")
        mine = {(y, at) for at in range(x, x + width, SITE)}
        assert not taken & mine
        taken |= mine


def test_fixed_cells_stay(design: Design) -> None:
    chain(design, 60)
    floorplan(design, 0.5)
    before = {n: design.placed(n) for n, one in design.instances.items() if one.fixed}
    place(design, EFFORT, 0.6)
    assert before
    assert before == {name: design.placed(name) for name in before}


def test_connected_cells_come_near_each_other(design: Design) -> None:
    chain(design, 200)
    floorplan(design, 0.5)
    place(design, EFFORT, 0.6)
    placed = design.wire_length()
    names = [f"i{k}" for k in range(200)]
    places = [(design.instances[n].x, design.instances[n].y) for n in names]
    random.Random(1).shuffle(places)
    for name, (x, y) in zip(names, places, strict=True):
        design.instances[name].x, design.instances[name].y = x, y
    assert placed < 0.4 * design.wire_length()


def test_equal_designs_are_placed_equally(macros: dict[str, Macro]) -> None:
    designs = [Design("top", macros), Design("top", macros)]
    for one in designs:
        chain(one, 80)
        floorplan(one, 0.4)
        place(one, EFFORT, 0.6)
    assert designs[0].instances == designs[1].instances


def test_added_cells_are_made_legal_near_where_they_are_wanted(placed: Design) -> None:
    x, y = placed.placed("i0")
    placed.add("new", Instance(cell("buf_4"), {"A": "n0", "X": "n99"}, x=x, y=y))
    improve(placed, EFFORT)
    assert overlaps(placed) == 0
    new_x, new_y = placed.placed("new")
    assert abs(new_x - x) + abs(new_y - y) < 40 * SITE


def _move(design: Design) -> None:
    design.instances["i0"].x, design.instances["i0"].y = design.placed("i1")


def _off_the_grid(design: Design) -> None:
    x, _ = design.placed("i0")
    design.instances["i0"].x = x + 10


def _outside(design: Design) -> None:
    design.instances["i0"].x = design.plan.core.left - SITE


@pytest.mark.parametrize("harm", [_move, _off_the_grid, _outside])
def test_overlaps_counts_what_is_wrong(placed: Design, harm: Callable[[Design], None]) -> None:
    harm(placed)
    assert overlaps(placed) > 0


def test_fill_leaves_no_gap(placed: Design) -> None:
    add_fill(placed)
    assert overlaps(placed) == 0
    area = sum(placed.macro_of(name).width for name in placed.instances)
    assert area == placed.plan.rows * placed.plan.sites * SITE
    fillers = [one for name, one in placed.instances.items() if name.startswith("FILLER")]
    assert fillers
    assert all(one.fixed and not one.pins for one in fillers)
