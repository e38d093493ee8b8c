"""Where wires will be crowded, told from the placement alone.

Method: P. Spindler, F. Johannes, 'Fast and accurate routing demand estimation for efficient
routability-driven placement', DATE 2007: each net spreads half its bounding box's perimeter evenly
over the box.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

#: The side of a bin, in rows.
BIN_ROWS = 6


class Crowding:
    """The wire density over a core: length per area, in rows per square row, by bins."""

    def __init__(self, rows: int, sites: int, sites_per_row: float) -> None:
        self._sites_per_bin = BIN_ROWS * sites_per_row
        self._shape = (int(sites / self._sites_per_bin) + 1, rows // BIN_ROWS + 1)
        self.density: Floats = np.zeros(self._shape)

    def measure(self, cells: Indices, nets: Indices, x: Floats, y: Floats) -> None:
        """Set `density`. `cells` and `nets` name the two of each pin, the pins sorted by net.

        `x` in sites and `y` in rows are the cells' positions.
        """
        starts = np.flatnonzero(np.diff(nets, prepend=-1))
        low_x, high_x = self._ends(x[cells] / self._sites_per_bin, starts, 0)
        low_y, high_y = self._ends(y[cells] / BIN_ROWS, starts, 1)
        length = (high_x - low_x + high_y - low_y) * BIN_ROWS
        boxes = [edge.astype(np.int64) for edge in (low_x, high_x, low_y, high_y)]
        bins = (boxes[1] - boxes[0] + 1) * (boxes[3] - boxes[2] + 1)
        self.density = _sum_of_boxes(boxes, length / bins, self._shape) / BIN_ROWS**2

    def at(self, x: Floats, y: Floats) -> Floats:
        """Return the density at places."""
        return self.density[self._bin(x / self._sites_per_bin, 0), self._bin(y / BIN_ROWS, 1)]

    def _ends(self, at: Floats, starts: Indices, axis: int) -> tuple[Floats, Floats]:
        at = np.clip(at, 0, self._shape[axis] - 1e-6)
        return np.minimum.reduceat(at, starts), np.maximum.reduceat(at, starts)

    def _bin(self, at: Floats, axis: int) -> Indices:
        return np.clip(at.astype(np.int64), 0, self._shape[axis] - 1)


def _sum_of_boxes(boxes: list[Indices], values: Floats, shape: tuple[int, int]) -> Floats:
    """Add each value to all bins of its box, by way of the sum's differences."""
    left, right, low, high = boxes
    change = np.zeros((shape[0] + 1, shape[1] + 1))
    np.add.at(change, (left, low), values)
    np.add.at(change, (right + 1, low), -values)
    np.add.at(change, (left, high + 1), -values)
    np.add.at(change, (right + 1, high + 1), values)
    return change.cumsum(0).cumsum(1)[:-1, :-1]
