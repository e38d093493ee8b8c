"""Spreading cells so that no place is too dense to route.

coloquinte's global placement leaves bins two to three times overfull. Recursive bisection keeps the
cells' relative order and bounds the density: a region is cut in two across its longer side, and the
cut through the cells is moved until neither half holds more than its share.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: A row is as high as so many sites are wide, nearly.
SITES_PER_ROW = 6
#: Regions no larger than this, in sites and rows, are not cut further.
LEAF_SITES, LEAF_ROWS, LEAF_CELLS = 24, 3, 3

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class _Region:
    left: float
    right: float
    bottom: float
    top: float

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.top - self.bottom)

    def halves(self) -> tuple[bool, float, "_Region", "_Region"]:
        """Return whether the cut is vertical, where it is, and the two halves."""
        width, height = self.right - self.left, self.top - self.bottom
        if width / SITES_PER_ROW >= height:
            cut = (self.left + self.right) / 2
            left = _Region(self.left, cut, self.bottom, self.top)
            return True, cut, left, _Region(cut, self.right, self.bottom, self.top)
        cut = float((self.bottom + self.top) // 2) if height >= 2 else (self.bottom + self.top) / 2
        low = _Region(self.left, self.right, self.bottom, cut)
        return False, cut, low, _Region(self.left, self.right, cut, self.top)


class Spreader:
    """Spreads cells at (x in sites, y in rows) of `width` sites each."""

    def __init__(self, x: Floats, y: Floats, width: Floats, density: float) -> None:
        self._x, self._y, self._width = x, y, width
        self._density = density
        self.x, self.y = x.copy(), y.copy()

    def spread(self, sites: int, rows: int) -> None:
        """Set `x` and `y` to positions within a core of that size."""
        self._spread(np.arange(len(self._x)), _Region(0, sites, 0, rows))

    def _spread(self, cells: Indices, region: _Region) -> None:
        if len(cells) == 0:
            return
        small = region.right - region.left <= LEAF_SITES and region.top - region.bottom <= LEAF_ROWS
        if small or len(cells) <= LEAF_CELLS:
            self.x[cells] = _fit(self._x[cells], region.left, region.right)
            self.y[cells] = _fit(self._y[cells], region.bottom, region.top)
            return
        vertical, cut, first, second = region.halves()
        at = (self._x if vertical else self._y)[cells]
        cells = cells[np.argsort(at, kind="stable")]
        count = self._cut(cells, np.sort(at, kind="stable"), cut, first.area, second.area)
        self._spread(cells[:count], first)
        self._spread(cells[count:], second)

    def _cut(self, cells: Indices, at: Floats, cut: float, first: float, second: float) -> int:
        """Return how many of the sorted cells go into the first half."""
        filled = np.cumsum(self._width[cells])
        total = filled[-1]
        density = max(self._density, total / (first + second) * 1.001)
        wanted = float(self._width[cells][at < cut].sum())
        bounded = min(max(wanted, total - second * density), first * density)
        return int(np.searchsorted(filled, bounded, side="right"))


def _fit(at: Floats, low: float, high: float) -> Floats:
    """Return positions within [low, high - 1], moved no more than needed, in the same order."""
    if at.min() >= low and at.max() <= high:
        inside: Floats = np.clip(at, low, max(low, high - 1))
        return inside
    if at.max() == at.min():
        return np.full_like(at, (low + high) / 2)
    share: Floats = (at - at.min()) / (at.max() - at.min())
    return low + share * max(0.0, high - low - 1)
