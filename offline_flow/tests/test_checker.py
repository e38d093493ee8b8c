"""The checker must find what it is for, or the tests of the router mean nothing."""

from checker import Short, outside, pieces, shorts

from librelane_plugin_offline.database import Rect, Shape

A_WIRE = Shape("a", "met2", Rect(0, 0, 140, 2000))


def test_a_net_in_two_pieces_is_found() -> None:
    assert pieces([A_WIRE, Shape("a", "met2", Rect(0, 1900, 140, 3000))]) == {"a": 1}
    assert pieces([A_WIRE, Shape("a", "met2", Rect(0, 2001, 140, 3000))]) == {"a": 2}


def test_crossing_wires_on_two_layers_are_joined_by_a_cut_alone() -> None:
    across = Shape("a", "met3", Rect(-500, 500, 500, 830))
    assert pieces([A_WIRE, across]) == {"a": 2}
    assert pieces([A_WIRE, across, Shape("a", "via2", Rect(0, 600, 200, 800))]) == {"a": 1}
    assert pieces([A_WIRE, across, Shape("a", "via3", Rect(0, 600, 200, 800))]) == {"a": 2}


def test_wires_of_two_nets_keep_their_distance() -> None:
    assert shorts([A_WIRE, Shape("b", "met2", Rect(280, 0, 420, 2000))]) == set()
    short = {Short("met2", ("a", "b"))}
    assert shorts([A_WIRE, Shape("b", "met2", Rect(279, 0, 420, 2000))]) == short
    assert shorts([A_WIRE, Shape("b", "met2", Rect(-500, 500, 500, 640))]) == short
    assert shorts([A_WIRE, Shape("b", "met1", Rect(-500, 500, 500, 640))]) == set()
    assert shorts([A_WIRE, Shape("a", "met2", Rect(150, 0, 290, 2000))]) == set()


def test_metal_beyond_the_die_is_found() -> None:
    die = Rect(0, 0, 1000, 2000)
    assert list(outside([A_WIRE], die)) == []
    beyond = Shape("a", "met2", Rect(900, 0, 1001, 2000))
    assert list(outside([beyond], die)) == [beyond]
