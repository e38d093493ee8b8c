import numpy as np

from librelane_plugin_offline.spreading import Floats, Spreader

SITES, ROWS, WIDTH = 240, 40, 5


def spread(x: Floats, y: Floats, density: float) -> Spreader:
    spreader = Spreader(x, y, np.full(len(x), float(WIDTH)), density)
    spreader.spread(SITES, ROWS)
    return spreader


def fullest(spreader: Spreader, columns: int = 4, rows: int = 4) -> float:
    """Return the density of the fullest of `columns` x `rows` bins."""
    filled, _, _ = np.histogram2d(
        spreader.x, spreader.y, bins=(columns, rows), range=((0, SITES), (0, ROWS))
    )
    return float(filled.max() * WIDTH / (SITES * ROWS / columns / rows))


def test_a_heap_is_spread_to_the_density() -> None:
    draw = np.random.default_rng(3)
    heap = Spreader(draw.normal(60, 8, 800), draw.normal(10, 2, 800), np.full(800, 5.0), 0.6)
    before = fullest(heap)
    heap.spread(SITES, ROWS)
    assert before > 1.5
    assert fullest(heap) < 0.7


def test_all_stays_within_the_core() -> None:
    draw = np.random.default_rng(4)
    one = spread(draw.normal(0, 300, 500), draw.normal(0, 60, 500), 0.7)
    assert one.x.min() >= 0
    assert one.x.max() <= SITES
    assert one.y.min() >= 0
    assert one.y.max() <= ROWS


def test_cells_at_one_point_are_told_apart() -> None:
    one = spread(np.full(400, 100.0), np.full(400, 20.0), 0.6)
    assert fullest(one) < 0.75


def test_a_sparse_placement_keeps_its_order() -> None:
    x = np.linspace(10, 230, 30)
    one = spread(x, np.full(30, 20.0), 0.6)
    assert (np.diff(one.x) >= 0).all()
    assert np.abs(one.x - x).max() < 30


def test_more_than_the_density_allows_is_spread_evenly() -> None:
    draw = np.random.default_rng(5)
    count = int(0.9 * SITES * ROWS / WIDTH)
    one = spread(draw.normal(60, 8, count), draw.normal(10, 2, count), 0.5)
    assert fullest(one) < 1.1
