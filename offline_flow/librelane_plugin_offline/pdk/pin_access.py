"""Where wires land on pins: one met1 bar per signal pin, on a met2 track, with a contact to li1.

For each pin all places are tried that keep the design rules within the cell; then one place per pin
is chosen such that bars keep their distance and pins do not share a track. Lengths in nm; places lie
on the manufacturing grid of 5 nm.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import klayout.db as kdb

from librelane_plugin_offline.database import FlowError, Rect
from librelane_plugin_offline.grid import PITCH_X, PITCH_Y, TRACK_Y, track_x
from librelane_plugin_offline.pdk.celllef import CellLef

GRID = 5
#: Half the size of the landing's bar over its via, and of a contact; the bar's reach over a contact.
HALF_X, HALF_Y, CONTACT, CONTACT_REACH = 160, 130, 85, 145
SPACE, CONTACT_SPACE = 140, 190
#: A landing keeps this from the cell's upper and lower edge, where the rails are, and from its sides.
EDGE_Y, EDGE_X = 510, 70
#: A contact is at most this far from its track.
CONTACT_SHIFT = 330
#: A landing this near to a met3 track (or nearer) is easily reached.
NEAR_TRACK = 195
#: Candidates kept per pin and track, and combinations tried at the most.
KEEP_EVERY, MOST_TRIES = 24, 20_000


@dataclass(frozen=True)
class Place:
    """A possible landing: the met2 track's x, the via's y, the contact's x, and the bar."""

    x: int
    y: int
    contact_x: int | None
    bar: Rect

    @property
    def off_track(self) -> int:
        """How far the via is from the nearest met3 track."""
        return abs((self.y - TRACK_Y + PITCH_Y // 2) % PITCH_Y - PITCH_Y // 2)


class Cell:
    """A cell's metal, prepared for many quick questions."""

    def __init__(self, name: str, lef: CellLef, layout: kdb.Layout, top: kdb.Cell) -> None:
        self.name, self.lef = name, lef
        self.met1 = kdb.Region(top.begin_shapes_rec(layout.layer(68, 20))).merged()
        self._contacts = _boxes(kdb.Region(top.begin_shapes_rec(layout.layer(67, 44))).merged())

    def places(self, pin: str) -> list[Place]:
        """Return the candidates for a pin, the best first."""
        shapes = self.lef.pins[pin].shapes
        own = _region(shapes.get("met1", []))
        other = self.met1 - self.met1.interacting(own) if not own.is_empty() else self.met1
        found = list(self._contacted(_region(shapes.get("li1", [])), own, _rects(other)))
        found += self._on_metal(own)
        return sorted(found, key=_preference)

    def internal_metal(self) -> list[Rect]:
        """Return the met1 of the cell but for the rails."""
        boxes = _boxes(self.met1.decompose_trapezoids_to_region())
        return [box for box in boxes if box.top > 240 and box.bottom < 2480]

    def _contacted(
        self, li1: kdb.Region, own: kdb.Region, other: list[Rect]
    ) -> Iterator[Place]:
        """Yield places with a contact on the pin's li1."""
        parts, box = _rects(li1), li1.bbox()
        for k in range(self.lef.width // PITCH_X):
            x = track_x(k)
            if box.empty() or x + HALF_X < box.left - 300 or x - HALF_X > box.right + 300:
                continue
            low = max(EDGE_Y, box.bottom + CONTACT)
            ys = range(-(-low // GRID) * GRID, min(self.lef.height - EDGE_Y, box.top - CONTACT) + 1, GRID)
            on_track = [p for y in ys if (p := self._at(x, y, parts, own, other))]
            yield from _thinned(on_track)

    def _at(
        self, x: int, y: int, li1: list[Rect], own: kdb.Region, other: list[Rect]
    ) -> Place | None:
        """Return the place with the contact nearest to the track, or None."""
        for contact_x in _outwards(x):
            if not EDGE_X <= contact_x - CONTACT_REACH or contact_x + CONTACT_REACH > self.lef.width - EDGE_X:
                continue
            cut = Rect(contact_x - CONTACT, y - CONTACT, contact_x + CONTACT, y + CONTACT)
            if not any(_covers(part, cut) for part in li1) or not self._contact_is_free(cut):
                continue
            left, right = min(contact_x - CONTACT_REACH, x - HALF_X), max(contact_x + CONTACT_REACH, x + HALF_X)
            bar = Rect(left, y - HALF_Y, right, y + HALF_Y)
            if all(_apart(bar, rect, SPACE) for rect in other) and _joins_cleanly(bar, own):
                return Place(x, y, contact_x, bar)
        return None

    def _contact_is_free(self, cut: Rect) -> bool:
        return all(_apart(cut, one, CONTACT_SPACE) for one in self._contacts if one != cut)

    def _on_metal(self, own: kdb.Region) -> Iterator[Place]:
        """Yield places wholly on the pin's own met1."""
        parts = _rects(own)
        for k in range(self.lef.width // PITCH_X if parts else 0):
            x = track_x(k)
            for y in range(EDGE_Y, self.lef.height - EDGE_Y + 1, 2 * GRID):
                bar = Rect(x - HALF_X, y - HALF_Y, x + HALF_X, y + HALF_Y)
                if any(_covers(part, bar) for part in parts):
                    yield Place(x, y, None, bar)


def choose(cell: Cell) -> dict[str, Place]:
    """Return one place for each signal pin; FlowError when a pin has none."""
    pins = [name for name, pin in cell.lef.pins.items() if pin.is_signal]
    candidates = {pin: cell.places(pin) for pin in pins}
    for pin, places in candidates.items():
        if not places:
            raise FlowError(f"{cell.name}: no wire can land on pin {pin}.")
    return _Chooser(candidates).best() if pins else {}


class _Chooser:
    """Looks for the best combination, the pins of fewest candidates first."""

    def __init__(self, candidates: dict[str, list[Place]]) -> None:
        self._candidates = candidates
        self._order = sorted(candidates, key=lambda pin: len(candidates[pin]))
        self._best: tuple[int, dict[str, Place]] | None = None
        self._tries = 0

    def best(self) -> dict[str, Place]:
        self._try({})
        if self._best is None:
            raise FlowError(f"No landings fit together: {', '.join(self._order)}.")
        return self._best[1]

    def _try(self, chosen: dict[str, Place]) -> None:
        self._tries += 1
        if self._tries > MOST_TRIES:
            return
        if len(chosen) == len(self._order):
            value = _value(list(chosen.values()))
            if self._best is None or value > self._best[0]:
                self._best = value, dict(chosen)
            return
        pin = self._order[len(chosen)]
        for place in self._candidates[pin]:
            if all(_apart(place.bar, other.bar, SPACE) for other in chosen.values()):
                self._try({**chosen, pin: place})


def _value(places: list[Place]) -> int:
    """Return how good a combination is: pins apart, on different tracks, near to met3 tracks."""
    value = 0
    for k, one in enumerate(places):
        value -= (one.bar.right - one.bar.left) // 4 + abs(one.y - 1360) // 40
        value -= 3000 if one.off_track >= NEAR_TRACK else 0
        for other in places[:k]:
            if one.x == other.x:
                same_row = round((one.y - TRACK_Y) / PITCH_Y) == round((other.y - TRACK_Y) / PITCH_Y)
                value -= 6000 if same_row else 1000
            elif abs(one.x - other.x) <= PITCH_X:
                value -= max(0, 400 - abs(one.y - other.y)) // 10
    return value


def _preference(place: Place) -> tuple[bool, int, int]:
    return place.off_track >= NEAR_TRACK, place.bar.right - place.bar.left, abs(place.y - 1360)


def _thinned(places: list[Place]) -> list[Place]:
    """Keep the ends, the middle, those on met3 tracks and some between."""
    if not places:
        return []
    keep = {0, len(places) - 1, len(places) // 2, *range(0, len(places), KEEP_EVERY)}
    keep |= {k for k, place in enumerate(places) if place.off_track == 0}
    return [places[k] for k in sorted(keep)]


def _outwards(x: int) -> Iterator[int]:
    """Yield x and what is around it, the nearest first, on the manufacturing grid."""
    for shift in range(0, CONTACT_SHIFT + 1, GRID):
        yield x - shift
        if shift:
            yield x + shift


def _apart(a: Rect, b: Rect, space: int) -> bool:
    """Return whether two rectangles keep a distance along x or along y."""
    across = max(a.left - b.right, b.left - a.right)
    along = max(a.bottom - b.top, b.bottom - a.top)
    return across >= space or along >= space


def _covers(outer: Rect, inner: Rect) -> bool:
    return (
        outer.left <= inner.left
        and outer.bottom <= inner.bottom
        and outer.right >= inner.right
        and outer.top >= inner.top
    )


def _joins_cleanly(bar: Rect, own: kdb.Region) -> bool:
    """Return whether the bar makes no notch with the pin's own met1."""
    if own.is_empty():
        return True
    joined = (own + kdb.Region(kdb.Box(*bar))).merged()
    return bool(joined.space_check(SPACE).is_empty())


def _region(rects: list[Rect]) -> kdb.Region:
    region = kdb.Region()
    for rect in rects:
        region.insert(kdb.Box(*rect))
    return region.merged()


def _rects(region: kdb.Region) -> list[Rect]:
    """Return rectangles that cover a region: its horizontal and its vertical slices."""
    horizontal = region.decompose_trapezoids_to_region()
    turned = region.transformed(kdb.Trans.R90).decompose_trapezoids_to_region()
    return _boxes(horizontal) + _boxes(turned.transformed(kdb.Trans.R270))


def _boxes(region: kdb.Region) -> list[Rect]:
    boxes = (polygon.bbox() for polygon in region.each())
    return [Rect(box.left, box.bottom, box.right, box.top) for box in boxes]


