"""Where wires will be crowded."""

import numpy as np
import pytest

from librelane_plugin_offline.crowding import BIN_ROWS, Crowding

#: A core of 4 x 3 bins; a row is as high as six sites are wide.
ROWS, SITES, PER_ROW = 3 * BIN_ROWS - 1, 4 * BIN_ROWS * 6 - 1, 6


def measured(nets: list[list[int]], x: list[float], y: list[float]) -> Crowding:
    """Measure nets given by their cells, at (x in bins, y in bins)."""
    crowding = Crowding(ROWS, SITES, PER_ROW)
    cells = np.array([cell for net in nets for cell in net], np.int64)
    numbers = np.array([k for k, net in enumerate(nets) for _ in net], np.int64)
    per_bin = BIN_ROWS * PER_ROW
    crowding.measure(cells, numbers, np.array(x) * per_bin, np.array(y) * BIN_ROWS)
    return crowding


def test_a_net_is_spread_evenly_over_its_box() -> None:
    density = measured([[0, 1]], x=[0.5, 2.5], y=[1.5, 1.5]).density
    expected = np.zeros((4, 3))
    expected[0:3, 1] = 2 * BIN_ROWS / 3 / BIN_ROWS**2
    assert density == pytest.approx(expected)


def test_the_sum_is_the_nets_length() -> None:
    x, y = [0.2, 3.1, 1.5, 2.2], [0.1, 2.6, 1.1, 0.7]
    density = measured([[0, 1, 2], [2, 3], [1, 3]], x, y).density
    length = (2.9 + 2.5) + (0.7 + 0.4) + (0.9 + 1.9)
    assert density.sum() * BIN_ROWS**2 == pytest.approx(length * BIN_ROWS)


def test_places_outside_count_as_on_the_edge() -> None:
    crowding = measured([[0, 1]], x=[-3, 9], y=[-2, -2])
    assert crowding.density[:, 0].min() > 0
    assert crowding.density[:, 1:].max() == 0
    far = np.array([1e6])
    assert crowding.at(far, -far) == crowding.density[-1, 0]
