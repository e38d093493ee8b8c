"""Legal positions: each cell in one row, on sites, over no other. Units: sites and rows."""

from dataclasses import dataclass

from librelane_plugin_offline.database import FlowError

#: A row away costs as much as so many sites.
ROW_COST = 6
#: Cells wider than this many sites are placed first: they find a gap less easily.
WIDE = 12


@dataclass(frozen=True)
class Cell:
    """A cell to be placed near (x, row). `padded` is the width it would like to have."""

    width: int
    padded: int
    x: int
    row: int


class Rows:
    """The free intervals [start, end) of each row."""

    def __init__(self, rows: int, sites: int) -> None:
        self._free = [[(0, sites)] for _ in range(rows)]

    def take(self, row: int, start: int, end: int) -> None:
        """Make an interval taken; FlowError if it is not free."""
        for k, (low, high) in enumerate(self._free[row]):
            if low <= start and end <= high:
                rest = [(low, start), (end, high)]
                self._free[row][k : k + 1] = [one for one in rest if one[1] > one[0]]
                return
        raise FlowError(f"Two fixed cells overlap in row {row}, sites {start} to {end}.")

    def nearest(self, width: int, x: int, row: int) -> tuple[int, int] | None:
        """Return (row, x) of the free place nearest to (row, x), or None when there is none."""
        best: tuple[int, int, int] | None = None
        for distance in range(len(self._free)):
            if best is not None and distance * ROW_COST >= best[0]:
                break
            for near in {row - distance, row + distance}:
                if 0 <= near < len(self._free):
                    best = self._best_in(near, width, x, distance * ROW_COST, best)
        return best[1:] if best else None

    def _best_in(
        self, row: int, width: int, x: int, cost: int, best: tuple[int, int, int] | None
    ) -> tuple[int, int, int] | None:
        for low, high in self._free[row]:
            if high - low >= width:
                at = min(max(x, low), high - width)
                found = (abs(at - x) + cost, row, at)
                best = found if best is None or found[0] < best[0] else best
        return best


def legalise(rows: Rows, cells: list[Cell]) -> list[tuple[int, int]]:
    """Return (row, x) of each cell, each as near as can be; FlowError when they do not fit."""
    order = sorted(
        range(len(cells)), key=lambda k: (-max(cells[k].padded, WIDE), cells[k].x, k)
    )
    found: dict[int, tuple[int, int]] = {}
    for k in order:
        cell = cells[k]
        for width in (cell.padded, cell.width):
            place = rows.nearest(width, cell.x, cell.row)
            if place is not None:
                break
        else:
            raise FlowError("The cells do not fit into the core; lower FP_CORE_UTIL.")
        rows.take(place[0], place[1], place[1] + width)
        found[k] = place
    return [found[k] for k in range(len(cells))]
