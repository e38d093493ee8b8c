import random

import pytest

from librelane_plugin_offline.database import FlowError
from librelane_plugin_offline.legalise import Cell, NoRoomError, Rows, legalise


def check(cells: list[Cell], places: list[tuple[int, int]], rows: int, sites: int) -> None:
    """Fail when a cell is outside or over another."""
    taken: set[tuple[int, int]] = set()
    for one, (row, x) in zip(cells, places, strict=True):
        assert 0 <= row < rows
        assert x >= 0
        assert x + one.width <= sites
        mine = {(row, site) for site in range(x, x + one.width)}
        assert not taken & mine
        taken |= mine


def test_a_legal_cell_stays_where_it_is() -> None:
    assert legalise(Rows(2, 20), [Cell(3, 5, 1)]) == [(1, 5)]


def test_a_cell_beyond_the_end_of_its_row_is_moved_in() -> None:
    assert legalise(Rows(1, 20), [Cell(3, 19, 0)]) == [(0, 17)]


def test_of_two_cells_at_one_place_one_moves_a_little() -> None:
    cells = [Cell(3, 5, 0), Cell(3, 5, 0)]
    places = legalise(Rows(1, 20), cells)
    check(cells, places, 1, 20)
    assert sorted(x for _, x in places) in ([2, 5], [5, 8])


def test_a_row_full_to_the_last_site_is_possible() -> None:
    cells = [Cell(5, 0, 0) for _ in range(4)]
    places = legalise(Rows(1, 20), cells)
    check(cells, places, 1, 20)


def test_cells_go_around_what_is_fixed() -> None:
    rows = Rows(1, 20)
    rows.take(0, 4, 16)
    cells = [Cell(4, 8, 0), Cell(4, 8, 0)]
    assert sorted(legalise(rows, cells)) == [(0, 0), (0, 16)]


def test_tight_random_rows_are_legal() -> None:
    draw = random.Random(7)
    for _ in range(20):
        cells: list[Cell] = []
        while sum(one.width for one in cells) < 0.93 * 6 * 60:
            width = draw.choice([1, 2, 3, 5, 8])
            cells.append(Cell(width, draw.randrange(-5, 65), draw.randrange(6)))
        places = legalise(Rows(6, 60), cells)
        check(cells, places, 6, 60)


def test_too_many_cells_are_told_with_advice() -> None:
    with pytest.raises(NoRoomError, match="Lower FP_CORE_UTIL"):
        legalise(Rows(1, 20), [Cell(6, 0, 0) for _ in range(4)])


def test_fixed_cells_over_each_other_are_an_error() -> None:
    rows = Rows(1, 20)
    rows.take(0, 4, 8)
    with pytest.raises(FlowError, match="overlap in row 0"):
        rows.take(0, 7, 9)
