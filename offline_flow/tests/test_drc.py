"""The design rule check finds what is wrong, wherever it is."""

from pathlib import Path

import klayout.db as kdb
import pytest

from librelane_plugin_offline.drc import run_drc
from librelane_plugin_offline.layers import DRAWING
from librelane_plugin_offline.tiles import TILE, Layers


@pytest.fixture
def layout() -> kdb.Layout:
    layout = kdb.Layout()
    layout.create_cell("top")
    return layout


def draw(layout: kdb.Layout, layer: str, *boxes: tuple[int, int, int, int]) -> None:
    for box in boxes:
        layout.cell("top").shapes(layout.layer(*DRAWING[layer])).insert(kdb.Box(*box))


def broken(layout: kdb.Layout, folder: Path) -> dict[str, int]:
    """Return the rules that the layout breaks, with how often."""
    layout.write(str(folder / "top.gds"))
    counts = run_drc(folder / "top.gds", "top", folder / "top.lyrdb")
    return {rule: count for rule, count in counts.items() if count}


def test_wide_metal_far_apart_is_good(layout: kdb.Layout, tmp_path: Path) -> None:
    draw(layout, "met1", (0, 0, 1000, 200), (0, 340, 1000, 540))
    assert broken(layout, tmp_path) == {}


def test_narrow_metal_and_a_cut_without_metal_are_told(layout: kdb.Layout, tmp_path: Path) -> None:
    draw(layout, "met1", (0, 0, 5000, 100))
    draw(layout, "via2", (9000, 9000, 9200, 9200))
    found = broken(layout, tmp_path)
    assert set(found) == {"m1.1", "via2.4.met2", "via2.5.met2", "via2.4.met3"}
    assert "m1.1" in (tmp_path / "top.lyrdb").read_text()


@pytest.mark.parametrize("x", [0, TILE - 500, TILE - 70, TILE, TILE + 30, 2 * TILE - 5])
def test_a_gap_is_found_once_also_between_tiles(layout: kdb.Layout, tmp_path: Path, x: int) -> None:
    draw(layout, "met2", (0, 0, 10, 10), (3 * TILE, 3 * TILE, 3 * TILE + 1000, 3 * TILE + 1000))
    draw(layout, "met2", (x, 5000, x + 400, 5400), (x + 500, 5000, x + 900, 5400))
    draw(layout, "met2", (5000, x + 9000, 5400, x + 9400), (5000, x + 9500, 5400, x + 9900))
    assert broken(layout, tmp_path)["m2.2"] == 2


def test_long_metal_is_the_same_in_tiles_as_in_one(layout: kdb.Layout) -> None:
    teeth = [(k * 700, 200, k * 700 + 200 + k % 5 * 100, 900) for k in range(300)]
    draw(layout, "li1", (0, 0, 210_000, 200), *teeth)
    layers = Layers(layout, layout.cell("top"))
    whole = layers("li1").space_check(170, False, kdb.Region.Euclidian)
    assert layers.spaces("li1", 170).count() == whole.count() > 0
