from itertools import pairwise

import pytest
from conftest import cell, chain, core_of

from librelane_plugin_offline.database import Design, FlowError, Port, Rect
from librelane_plugin_offline.floorplan import (
    MIN_ROWS,
    MIN_SITES,
    TAP,
    add_taps,
    cell_area,
    fit_floorplan,
    make_floorplan,
    place_ports,
)
from librelane_plugin_offline.grid import PITCH_Y, ROW, SITE, STRAP_HALF


def ports(design: Design, count: int) -> None:
    for k in range(count):
        design.ports[f"p[{k}]"] = Port("input", f"p[{k}]")


def test_the_cells_fill_the_asked_share_of_the_core(design: Design) -> None:
    chain(design, 2000)
    make_floorplan(design, utilization=0.5, aspect=1.0)
    plan = design.plan
    assert plan.core.right - plan.core.left == plan.sites * SITE
    assert plan.core.top - plan.core.bottom == plan.rows * ROW
    area = plan.sites * SITE * plan.rows * ROW
    assert 0.45 < cell_area(design) / area <= 0.5


@pytest.mark.parametrize(("utilization", "aspect"), [(0, 1), (-0.4, 1), (0.4, 0), (0.4, -1)])
def test_no_core_is_without_an_area(design: Design, utilization: float, aspect: float) -> None:
    chain(design, 20)
    with pytest.raises(FlowError, match="have to be above 0"):
        make_floorplan(design, utilization, aspect)


def test_the_aspect_is_height_over_width(design: Design) -> None:
    chain(design, 2000)
    make_floorplan(design, utilization=0.5, aspect=2.0)
    plan = design.plan
    assert plan.rows * ROW / (plan.sites * SITE) == pytest.approx(2.0, rel=0.1)


def test_a_die_is_what_is_asked_for_down_to_whole_tracks(design: Design) -> None:
    chain(design, 200)
    ports(design, 12)
    fit_floorplan(design, Rect(0, 0, 100_000, 150_000))
    plan = design.plan
    assert 100_000 - SITE < plan.die.right <= 100_000
    assert 150_000 - PITCH_Y < plan.die.top <= 150_000
    assert (plan.die.right % SITE, plan.die.top % PITCH_Y) == (0, 0)
    assert plan.core.right <= plan.die.right - plan.core.left
    assert plan.core.top <= plan.die.top - plan.core.bottom
    assert (plan.sites % 2, plan.rows % 2) == (0, 0)


@pytest.mark.parametrize(
    ("die", "why"),
    [
        (Rect(0, 0, 5_000, 5_000), "straps and ports need 29.44 x 43.52 um"),
        (Rect(0, 0, 30_000, 44_000), "rows of"),
        (Rect(1_000, 0, 100_000, 100_000), "begin at 0 0"),
        (Rect(0, 0, -100_000, -100_000), "too small"),
    ],
)
def test_a_die_that_cannot_be_is_refused(design: Design, die: Rect, why: str) -> None:
    chain(design, 200)
    with pytest.raises(FlowError, match=why):
        fit_floorplan(design, die)


def test_a_die_has_room_for_the_ports(design: Design) -> None:
    chain(design, 1)
    ports(design, 400)
    with pytest.raises(FlowError, match="straps and ports need"):
        fit_floorplan(design, Rect(0, 0, 60_000, 60_000))


def test_a_tiny_design_gets_the_least_core(design: Design) -> None:
    chain(design, 1)
    make_floorplan(design, utilization=0.5, aspect=1.0)
    assert (design.plan.sites, design.plan.rows) == (MIN_SITES, MIN_ROWS)
    assert {net for net, _ in design.plan.straps} == {"VPWR", "VGND"}


@pytest.mark.parametrize("cells", [1, 500, 3000])
def test_straps_lie_within_the_core_and_alternate(design: Design, cells: int) -> None:
    chain(design, cells)
    make_floorplan(design, utilization=0.5, aspect=1.0)
    straps = design.plan.straps
    core = design.plan.core
    assert len(straps) >= 2
    assert all(core.left <= x - STRAP_HALF and x + STRAP_HALF <= core.right for _, x in straps)
    assert all(a[0] != b[0] and a[1] < b[1] for a, b in pairwise(straps))


@pytest.mark.parametrize("count", [1, 3, 40, 400])
def test_ports_lie_on_the_edge_on_tracks_and_apart(design: Design, count: int) -> None:
    chain(design, 1)
    ports(design, count)
    make_floorplan(design, utilization=0.5, aspect=1.0)
    place_ports(design)
    die = design.plan.die
    for port in design.ports.values():
        if port.side in "NS":
            assert port.y == (die.top if port.side == "N" else 0)
            assert (port.x - 230) % 460 == 0
            assert 0 < port.x < die.right
        else:
            assert port.x == (die.right if port.side == "E" else 0)
            assert (port.y - 340) % 680 == 0
            assert 0 < port.y < die.top
    places = sorted((port.side, port.x, port.y) for port in design.ports.values())
    near = [
        (a, b)
        for a, b in pairwise(places)
        if a[0] == b[0] and abs(a[1] - b[1]) + abs(a[2] - b[2]) < 460
    ]
    assert near == []


def test_ports_go_around_in_their_natural_order(design: Design) -> None:
    chain(design, 1)
    ports(design, 12)
    make_floorplan(design, utilization=0.5, aspect=1.0)
    place_ports(design)
    west = [name for name, port in design.ports.items() if port.side == "W"]
    east = [name for name, port in design.ports.items() if port.side == "E"]
    assert west == ["p[0]", "p[1]", "p[2]"]
    assert east == ["p[6]", "p[7]", "p[8]"]


@pytest.mark.parametrize("sites", [40, 57, 85, 200])
def test_no_site_is_far_from_a_tap(design: Design, sites: int) -> None:
    """The latch-up rule asks for a tap within 15 um, in this row or the ones beside it."""
    design.plan = core_of(4, sites)
    add_taps(design)
    core = design.plan.core
    taps = [(one.x, one.y) for one in design.instances.values() if one.master == TAP]
    assert all(one.fixed for one in design.instances.values())
    for row in range(4):
        for site in range(sites):
            x, y = core.left + site * SITE, core.bottom + row * ROW
            near = [
                tx for tx, ty in taps if tx is not None and ty is not None and abs(ty - y) <= ROW
            ]
            assert min(abs(tx - x) for tx in near) <= 15_000
    assert all(x is not None and core.left <= x <= core.right - SITE for x, _ in taps)


def test_cell_area_is_in_square_nm(design: Design) -> None:
    chain(design, 2)
    assert cell_area(design) == 2 * 3 * SITE * ROW
    assert cell("inv_1") in design.macros
