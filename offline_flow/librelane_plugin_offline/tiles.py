"""A layout's layers, as a whole and in tiles.

KLayout's space check compares each polygon with all near it. li1's rails, one polygon a row with
thousands of corners, are near everything in their rows: checked as a whole they cost as much as all
other rules ten times over, and four times as much for a die twice as wide and high. In a tile they
are short.
"""

from collections.abc import Iterator

import klayout.db as kdb

from librelane_plugin_offline.layers import DRAWING, region

#: The side of a tile, in nm.
TILE = 30_000


class Layers:
    """The merged layers below a cell, each made when it is first asked for."""

    def __init__(self, layout: kdb.Layout, cell: kdb.Cell) -> None:
        self._layout, self._cell = layout, cell
        self._known: dict[str, kdb.Region] = {}

    def __call__(self, layer: str) -> kdb.Region:
        """Return a whole layer."""
        if layer not in self._known:
            self._known[layer] = region(self._layout, self._cell, layer)
        return self._known[layer]

    def spaces(self, layer: str, space: int) -> kdb.EdgePairs:
        """Return where metal is nearer than `space` nm to other metal, or to itself."""
        found: dict[str, kdb.EdgePair] = {}
        for tile in self._tiles():
            near = self._near(layer, tile.enlarged(space, space))
            for pair in near.space_check(space, False, kdb.Region.Euclidian).each():
                if pair.bbox().touches(tile):
                    found[str(pair)] = pair
        return kdb.EdgePairs(list(found.values()))

    def _tiles(self) -> Iterator[kdb.Box]:
        box = self._cell.bbox()
        for left in range(box.left, box.right, TILE):
            for bottom in range(box.bottom, box.top, TILE):
                yield kdb.Box(left, bottom, left + TILE, bottom + TILE)

    def _near(self, layer: str, box: kdb.Box) -> kdb.Region:
        """Return the metal of which something touches a box, in whole shapes."""
        index = self._layout.layer(*DRAWING[layer])
        return kdb.Region(self._cell.begin_shapes_rec_touching(index, box)).merged()
