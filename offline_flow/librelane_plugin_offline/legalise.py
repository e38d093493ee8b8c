"""Legal positions: each cell in one row, on sites, over no other. Units: sites and rows."""

from dataclasses import dataclass

from librelane_plugin_offline.database import MORE_ROOM, FlowError

#: A row away costs as much as so many sites.
ROW_COST = 6
#: Cells wider than this many sites are placed first: they find a gap less easily.
WIDE = 12


class NoRoomError(FlowError):
    """The cells do not fit."""


@dataclass(frozen=True)
class Cell:
    """A cell to be placed near (x, row)."""

    width: int
    x: int
    row: int


class Rows:
    """The free intervals [start, end) of each row."""

    def __init__(self, rows: int, sites: int) -> None:
        self._free = [[(0, sites)] for _ in range(rows)]

    def copy(self) -> "Rows":
        """Return rows with the same free intervals."""
        rows = Rows(0, 0)
        rows._free = [list(intervals) for intervals in self._free]
        return rows

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
    """Return (row, x) of each cell, each as near as can be; NoRoomError when they do not fit.

    From left to right cells stay nearest to where they are; by width they waste least room.
    """
    for wide in (WIDE, 0):
        found = _in_order(rows.copy(), cells, _order(cells, wide))
        if found is not None:
            return found
    raise NoRoomError(f"The cells do not fit into the core. {MORE_ROOM}")


def _order(cells: list[Cell], wide: int) -> list[int]:
    """Return the cells' indices: those wider than `wide` first, the widest before; then by x."""
    return sorted(range(len(cells)), key=lambda k: (-max(cells[k].width, wide), cells[k].x, k))


def _in_order(rows: Rows, cells: list[Cell], order: list[int]) -> list[tuple[int, int]] | None:
    found: dict[int, tuple[int, int]] = {}
    for k in order:
        cell = cells[k]
        place = rows.nearest(cell.width, cell.x, cell.row)
        if place is None:
            return None
        rows.take(place[0], place[1], place[1] + cell.width)
        found[k] = place
    return [found[k] for k in range(len(cells))]
