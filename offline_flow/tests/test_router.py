"""The router on grids small enough to see by eye. Nodes are (layer, i, j); layer 0 is met1."""

from librelane_plugin_offline.routing.nets import RoutedNet, Terminal
from librelane_plugin_offline.routing.nodes import BLOCKED, Grid
from librelane_plugin_offline.routing.router import Router

Place = tuple[int, int, int]
MET1, MET2, MET3, MET4 = range(4)


def make_grid(nx: int = 12, ny: int = 10) -> Grid:
    """Return a grid without met1, with met4 on odd tracks, as designs have it."""
    grid = Grid(230 + 460 * nx - 230, 340 + 680 * ny - 340)
    assert (grid.nx, grid.ny) == (nx, ny)
    grid.layer(MET1)[:, :] = BLOCKED
    grid.layer(MET4)[0::2, :] = BLOCKED
    return grid


def terminal(grid: Grid, i: int, j: int) -> Terminal:
    return Terminal(230 + 460 * i, 340 + 680 * j, (grid.node(MET2, i, j),), "pin")


def net(grid: Grid, number: int, *ends: tuple[int, int]) -> RoutedNet:
    """Return a net between pins, whose nodes are reserved for it."""
    made = RoutedNet(f"n{number}", number, [terminal(grid, *end) for end in ends])
    for one in made.terminals:
        grid.owner[list(one.nodes)] = number
    return made


def route(grid: Grid, *nets: RoutedNet, rounds: int = 40) -> tuple[Router, bool]:
    router = Router(grid, list(nets))
    return router, router.run(rounds, lambda text: None)


def places(grid: Grid, net: RoutedNet) -> set[Place]:
    return {grid.where(node) for node in net.nodes}


def is_tree(net: RoutedNet) -> bool:
    """Return whether the edges join all nodes, without a loop."""
    joined = {min(net.nodes)}
    for _ in net.edges:
        joined |= {n for edge in net.edges if set(edge) & joined for n in edge}
    return joined == net.nodes and len(net.edges) == len(net.nodes) - 1


def test_pins_on_one_track_are_joined_by_a_straight_wire() -> None:
    grid = make_grid()
    one = net(grid, 1, (4, 1), (4, 7))
    router, done = route(grid, one)
    assert done
    assert places(grid, one) == {(MET2, 4, j) for j in range(1, 8)}
    assert router.iterations == 1


def test_a_corner_takes_one_way_along_met3() -> None:
    grid = make_grid()
    one = net(grid, 1, (2, 1), (9, 6))
    _, done = route(grid, one)
    assert done
    assert len(one.edges) == 7 + 5 + 2  # tracks across, tracks up, two vias
    assert is_tree(one)


def test_a_wall_with_a_gap_is_passed_through_the_gap() -> None:
    grid = make_grid()
    for layer in (MET2, MET3, MET4):
        grid.layer(layer)[:, 4] = BLOCKED
        grid.layer(layer)[10, 4] = 0
    one = net(grid, 1, (2, 1), (2, 8))
    _, done = route(grid, one)
    assert done
    assert {p for p in places(grid, one) if p[2] == 4} == {(MET2, 10, 4)}


def test_blocked_and_foreign_nodes_are_never_used() -> None:
    grid = make_grid()
    grid.layer(MET2)[5, 2:9] = BLOCKED
    grid.layer(MET3)[4:8, 3] = 77  # another net's
    one = net(grid, 1, (5, 0), (6, 5), (2, 9))
    _, done = route(grid, one)
    assert done
    assert all(grid.owner[node] in (0, 1) for node in one.nodes)


def test_many_pins_become_one_tree() -> None:
    grid = make_grid()
    one = net(grid, 1, (1, 1), (10, 1), (1, 8), (10, 8), (5, 4))
    _, done = route(grid, one)
    assert done
    assert is_tree(one)
    assert [grid.where(n) for n in one.arrival] == [
        (MET2, t.x // 460, t.y // 680) for t in one.terminals
    ]


def test_two_nets_that_want_one_gap_settle_it() -> None:
    """The near gap has room for one; the other net has to go a long way round."""
    grid = make_grid()
    for layer in (MET2, MET3, MET4):
        grid.layer(layer)[:, 4] = BLOCKED
    grid.layer(MET2)[5, 4] = 0
    grid.layer(MET2)[11, 4] = 0
    nets = net(grid, 1, (4, 1), (4, 8)), net(grid, 2, (6, 1), (6, 8))
    router, done = route(grid, *nets)
    assert done
    assert router.iterations > 1
    assert not nets[0].nodes & nets[1].nodes
    crossings = {p[1] for one in nets for p in places(grid, one) if p[2] == 4}
    assert crossings == {5, 11}


def test_crossing_nets_take_two_layers() -> None:
    grid = make_grid()
    nets = net(grid, 1, (5, 0), (5, 9)), net(grid, 2, (1, 5), (10, 5))
    _, done = route(grid, *nets)
    assert done
    assert not nets[0].nodes & nets[1].nodes


def test_a_pin_that_is_walled_in_is_told() -> None:
    grid = make_grid()
    for layer in (MET2, MET3, MET4):
        grid.layer(layer)[:, 4] = BLOCKED
    walled, free = net(grid, 1, (2, 1), (2, 8)), net(grid, 2, (7, 0), (9, 2))
    router, done = route(grid, walled, free, rounds=3)
    assert not done
    assert router.unrouted == [walled]
    assert router.contested == []
    assert free.routed


def test_two_nets_for_one_gap_are_told() -> None:
    grid = make_grid()
    for layer in (MET2, MET3, MET4):
        grid.layer(layer)[:, 4] = BLOCKED
    grid.layer(MET2)[5, 4] = 0
    nets = net(grid, 1, (4, 1), (4, 8)), net(grid, 2, (6, 1), (6, 8))
    router, done = route(grid, *nets, rounds=5)
    assert not done
    assert router.contested == list(nets)


def test_a_via_stack_gets_met3_of_the_least_area() -> None:
    grid = make_grid()
    grid.layer(MET2)[5, 3:7] = BLOCKED  # over it on met4, on the same track
    grid.layer(MET3)[0:5, :] = BLOCKED
    grid.layer(MET3)[7:, :] = BLOCKED
    for i in (4, 6):
        grid.layer(MET2)[i, :] = BLOCKED
    one = net(grid, 1, (5, 1), (5, 8))
    _, done = route(grid, one)
    assert done
    on_met3 = {p for p in places(grid, one) if p[0] == MET3}
    for _, i, j in on_met3:
        assert {(MET3, i - 1, j), (MET3, i + 1, j)} & on_met3


def test_met3_vias_of_two_nets_are_not_side_by_side() -> None:
    """A via is wider than a wire: its neighbours on met3 must not be another net's."""
    grid = make_grid()
    nets = [net(grid, k + 1, (2 + k, 1), (8 - k, 7)) for k in range(3)]
    _, done = route(grid, *nets)
    assert done
    for one in nets:
        beside = {(MET3, i + s, j) for la, i, j in places(grid, one) if la == MET3 for s in (-1, 1)}
        for other in nets:
            assert other is one or not beside & places(grid, other)


def test_equal_problems_have_equal_solutions() -> None:
    solutions = []
    for _ in range(2):
        grid = make_grid()
        nets = [net(grid, k + 1, (1 + k, 1), (9 - k, 8)) for k in range(4)]
        route(grid, *nets)
        solutions.append([one.edges for one in nets])
    assert solutions[0] == solutions[1]
