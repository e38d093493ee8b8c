"""Design rule check of the metal stack and some base layers, with KLayout's regions.

The rules are those of the SkyWater PDK's 'Periphery rules' for the layers that the flow draws, and
a few that show misplaced cells. Not a sign-off deck. Lengths in nm, areas in nm2.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import klayout.db as kdb
from klayout import rdb

from librelane_plugin_offline.tiles import Layers

Markers = kdb.Region | kdb.EdgePairs


@dataclass(frozen=True)
class Metal:
    """The rules of a metal layer. `hole`: the least area of a hole, None for no such rule."""

    rule: str
    layer: str
    width: int
    space: int
    area: int
    hole: int | None = None


@dataclass(frozen=True)
class Cut:
    """The rules of a cut layer.

    `below` and `above`: layer, its enclosure on all sides, and on one pair of opposite sides.
    """

    rule: str
    layer: str
    size: int
    space: int
    below: tuple[str, int, int]
    above: tuple[str, int, int]


METALS = (
    Metal("m1", "met1", 140, 140, 83_000, 140_000),
    Metal("m2", "met2", 140, 140, 67_600, 140_000),
    Metal("m3", "met3", 300, 300, 240_000),
    Metal("m4", "met4", 300, 300, 240_000),
    Metal("m5", "met5", 1600, 1600, 4_000_000),
    Metal("li", "li1", 170, 170, 56_100),
)
CUTS = (
    Cut("ct", "mcon", 170, 190, ("li1", 0, 0), ("met1", 30, 60)),
    Cut("via", "via", 150, 170, ("met1", 55, 85), ("met2", 55, 85)),
    Cut("via2", "via2", 200, 200, ("met2", 40, 85), ("met3", 65, 65)),
    Cut("via3", "via3", 200, 200, ("met3", 60, 90), ("met4", 65, 65)),
    Cut("via4", "via4", 800, 800, ("met4", 190, 190), ("met5", 310, 310)),
)


@dataclass(frozen=True)
class Rule:
    """A rule's name, what it says, and what breaks it."""

    name: str
    description: str
    check: Callable[[Layers], Markers]


def rules() -> Iterator[Rule]:
    """Yield all rules."""
    yield Rule("nwell.1", "nwell width < 840", lambda get: get("nwell").width_check(840))
    yield Rule("nwell.2a", "nwell space < 1270", lambda get: get("nwell").space_check(1270))
    yield Rule("poly.1a", "poly width < 150", lambda get: get("poly").width_check(150))
    yield Rule("poly.2", "poly space < 210", lambda get: get("poly").space_check(210))
    yield Rule(
        "difftap.3",
        "diff or tap space < 270",
        lambda get: (get("diff") + get("tap")).merged().space_check(270),
    )
    for metal in METALS:
        yield from _metal_rules(metal)
    for cut in CUTS:
        yield from _cut_rules(cut)


def run_drc(gds: Path, top: str, report: Path) -> dict[str, int]:
    """Check a layout; return how many markers each rule has, and write them to `report`."""
    layout = kdb.Layout()
    layout.read(str(gds))
    layers = Layers(layout, layout.cell(top))
    found = [(rule, rule.check(layers)) for rule in rules()]
    _write_report(found, layout, top, report)
    return {rule.name: markers.count() for rule, markers in found}


def _metal_rules(metal: Metal) -> Iterator[Rule]:
    name, layer, hole = metal.rule, metal.layer, metal.hole
    yield Rule(
        f"{name}.1",
        f"{layer} width < {metal.width}",
        lambda get: get(layer).width_check(metal.width),
    )
    yield Rule(
        f"{name}.2",
        f"{layer} space < {metal.space}",
        lambda get: get.spaces(layer, metal.space),
    )
    yield Rule(
        f"{name}.6",
        f"{layer} area < {metal.area}",
        lambda get: get(layer).with_area(0, metal.area, False),
    )
    if hole is not None:
        yield Rule(
            f"{name}.7",
            f"{layer} hole area < {hole}",
            lambda get: get(layer).holes().with_area(0, hole, False),
        )


def _cut_rules(cut: Cut) -> Iterator[Rule]:
    name, layer = cut.rule, cut.layer
    yield Rule(f"{name}.1", f"{layer} size is not {cut.size}", lambda get: _wrong_size(get, cut))
    yield Rule(
        f"{name}.2", f"{layer} space < {cut.space}", lambda get: get(layer).space_check(cut.space)
    )
    yield from _enclosure_rules(cut, *cut.below)
    yield from _enclosure_rules(cut, *cut.above)


def _enclosure_rules(cut: Cut, metal: str, enclosure: int, on_a_pair: int) -> Iterator[Rule]:
    name, layer = cut.rule, cut.layer
    yield Rule(
        f"{name}.4.{metal}",
        f"{layer} enclosure by {metal} < {enclosure}",
        lambda get: _not_enclosed(get(layer), get(metal), enclosure),
    )
    if on_a_pair > enclosure:
        yield Rule(
            f"{name}.5.{metal}",
            f"{layer} enclosure by {metal} on one pair of sides < {on_a_pair}",
            lambda get: _not_on_a_pair(get(layer), get(metal), enclosure, on_a_pair),
        )


def _wrong_size(get: Layers, cut: Cut) -> kdb.Region:
    cuts = get(cut.layer)
    wide = cuts.with_bbox_width(cut.size, True) + cuts.with_bbox_height(cut.size, True)
    return (wide + (cuts - cuts.rectangles())).merged()


def _not_enclosed(cuts: kdb.Region, metal: kdb.Region, enclosure: int) -> kdb.Region:
    """Return the cuts whose surroundings are not all metal."""
    outside = cuts.sized(enclosure) - metal
    return cuts.interacting(outside.sized(1))


def _not_on_a_pair(
    cuts: kdb.Region, metal: kdb.Region, enclosure: int, on_a_pair: int
) -> kdb.Region:
    """Return the cuts that lack the larger enclosure both left and right, and above and below."""
    across = cuts.sized(on_a_pair, enclosure, 2) - metal
    along = cuts.sized(enclosure, on_a_pair, 2) - metal
    return cuts.interacting(across.sized(1)) & cuts.interacting(along.sized(1))


def _write_report(
    found: list[tuple[Rule, Markers]], layout: kdb.Layout, top: str, report: Path
) -> None:
    """Write a marker database that KLayout shows over the layout."""
    database = rdb.ReportDatabase("DRC")
    cell = database.create_cell(top)
    scale = kdb.CplxTrans(layout.dbu)
    for rule, markers in found:
        if markers.count():
            category = database.create_category(rule.name)
            category.description = rule.description
            for marker in markers.each():
                shape = marker.polygon(0) if isinstance(marker, kdb.EdgePair) else marker
                item = database.create_item(cell.rdb_id(), category.rdb_id())
                item.add_value(rdb.RdbItemValue(scale * shape))
    database.save(str(report))
