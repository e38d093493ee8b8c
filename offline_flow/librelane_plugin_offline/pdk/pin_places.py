"""Where on a pin a wire can land: every place that keeps the design rules within its cell.

A landing is a met1 bar with its via on a met2 track. Either the bar lies on the pin's own met1, or
a contact joins it to the pin's li1; the bar reaches over to a contact that is beside the track.
All is computed with rectangles and intervals of integers, far faster than polygon operations.
Lengths in nm; places lie on the manufacturing grid of 5 nm.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import klayout.db as kdb

from librelane_plugin_offline import layers
from librelane_plugin_offline.database import Rect
from librelane_plugin_offline.grid import PITCH_X, PITCH_Y, RAIL_HALF, ROW, TRACK_Y, track_x
from librelane_plugin_offline.pdk.celllef import CellLef

GRID = 5
#: Half the size of a bar over its via, and of a contact; a bar's reach around a contact.
HALF_X, HALF_Y, CONTACT, CONTACT_REACH = 160, 130, 85, 145
#: Least distances: met1 to met1, contact to contact.
SPACE, CONTACT_SPACE = 140, 190
#: A via keeps this from the cell's upper and lower edge, where the rails are; a bar from its sides.
EDGE_Y, EDGE_X = 510, 70
#: A contact is at most this far from its track.
CONTACT_SHIFT = 330
#: Of the places on a track, every so many-th is a candidate (see `_thinned`).
KEEP_EVERY = 24

#: First and last possible value, both included.
Span = tuple[int, int]


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

    def __init__(self, lef: CellLef, layout: kdb.Layout, top: kdb.Cell) -> None:
        self.lef = lef
        self._met1 = layers.region(layout, top, "met1")
        self._contacts = _boxes(layers.region(layout, top, "mcon"))

    def internal_metal(self) -> list[Rect]:
        """Return the met1 of the cell but for the rails."""
        boxes = _slices(self._met1)
        return [box for box in boxes if box.top > RAIL_HALF and box.bottom < ROW - RAIL_HALF]

    def places(self, pin: str) -> list[Place]:
        """Return the candidates for a pin, along the tracks from left to right."""
        shapes = self.lef.pins[pin].shapes
        own = _region(shapes.get("met1", []))
        foreign = self._met1 - self._met1.interacting(own)
        return [
            *self._contacted(_parts(_region(shapes.get("li1", []))), own, _slices(foreign)),
            *self._on_metal(_parts(own)),
        ]

    def _tracks(self) -> Iterator[int]:
        return (track_x(k) for k in range(self.lef.width // PITCH_X))

    def _contacted(self, li1: list[Rect], own: kdb.Region, foreign: list[Rect]) -> Iterator[Place]:
        """Yield places with a contact on the pin's li1 that keep away from foreign met1."""
        heights = range(EDGE_Y, self.lef.height - EDGE_Y + 1, GRID)
        contacts = {y: spans for y in heights if (spans := self._contact_spans(y, li1))}
        for x in self._tracks():
            found = []
            for y, spans in contacts.items():
                room = self._room(x, y, foreign)
                if room and (place := _nearest(x, y, _clipped(spans, room), own)):
                    found.append(place)
            yield from _thinned(found)

    def _contact_spans(self, y: int, li1: list[Rect]) -> list[Span]:
        """Return where a contact at height `y` is on li1 and away from the cell's contacts."""
        spans = [
            (_grid_up(part.left + CONTACT), part.right - CONTACT)
            for part in li1
            if part.bottom <= y - CONTACT and y + CONTACT <= part.top
        ]
        for contact in self._contacts:
            if contact.bottom - y < CONTACT + CONTACT_SPACE > y - contact.top:
                spans = list(_without(spans, contact, y))
        return spans

    def _room(self, x: int, y: int, foreign: list[Rect]) -> Span | None:
        """Return how far a bar on this track may reach; None when its middle does not fit."""
        left, right = EDGE_X, self.lef.width - EDGE_X
        for rect in foreign:
            if rect.bottom - y < HALF_Y + SPACE > y - rect.top:
                if rect.right + SPACE <= x - HALF_X:
                    left = max(left, rect.right + SPACE)
                elif rect.left - SPACE >= x + HALF_X:
                    right = min(right, rect.left - SPACE)
                else:
                    return None
        return left, right

    def _on_metal(self, own: list[Rect]) -> Iterator[Place]:
        """Yield places wholly on the pin's own met1."""
        for x in self._tracks() if own else ():
            for y in range(EDGE_Y, self.lef.height - EDGE_Y + 1, 2 * GRID):
                bar = Rect(x - HALF_X, y - HALF_Y, x + HALF_X, y + HALF_Y)
                if any(_covers(part, bar) for part in own):
                    yield Place(x, y, None, bar)


def apart(a: Rect, b: Rect, space: int) -> bool:
    """Return whether two rectangles keep a distance along x or along y."""
    across = max(a.left - b.right, b.left - a.right)
    along = max(a.bottom - b.top, b.bottom - a.top)
    return across >= space or along >= space


def _without(spans: list[Span], contact: Rect, y: int) -> Iterator[Span]:
    """Yield what is left beside a contact of the cell; the same contact again is allowed."""
    middle = (contact.left + contact.right) // 2
    keep = CONTACT + CONTACT_SPACE
    for first, last in spans:
        if first <= middle <= last and (contact.bottom + contact.top) // 2 == y:
            yield middle, middle
        if first <= contact.left - keep:
            yield first, min(last, contact.left - keep)
        if last >= contact.right + keep:
            yield max(first, contact.right + keep), last


def _clipped(spans: list[Span], room: Span) -> list[Span]:
    """Return the contacts whose bar stays in its room."""
    low, high = room[0] + CONTACT_REACH, room[1] - CONTACT_REACH
    cut = ((max(first, _grid_up(low)), min(last, high) // GRID * GRID) for first, last in spans)
    return [span for span in cut if span[0] <= span[1]]


def _nearest(x: int, y: int, spans: list[Span], own: kdb.Region) -> Place | None:
    """Return the place with the contact nearest to the track."""
    if own.is_empty():
        shifts = [min(max(x, first), last) for first, last in spans]
    else:
        shifts = [at for first, last in spans for at in range(first, last + 1, GRID)]
    for contact_x in sorted(shifts, key=lambda at: (abs(at - x), at)):
        if abs(contact_x - x) > CONTACT_SHIFT:
            break
        left = min(contact_x - CONTACT_REACH, x - HALF_X)
        bar = Rect(left, y - HALF_Y, max(contact_x + CONTACT_REACH, x + HALF_X), y + HALF_Y)
        if own.is_empty() or _joins_cleanly(bar, own):
            return Place(x, y, contact_x, bar)
    return None


def _thinned(places: list[Place]) -> list[Place]:
    """Keep the ends, the middle, those on met3 tracks and some between."""
    if not places:
        return []
    keep = {0, len(places) - 1, len(places) // 2, *range(0, len(places), KEEP_EVERY)}
    keep |= {k for k, place in enumerate(places) if place.off_track == 0}
    return [places[k] for k in sorted(keep)]


def _grid_up(value: int) -> int:
    return -(-value // GRID) * GRID


def _covers(outer: Rect, inner: Rect) -> bool:
    across = outer.left <= inner.left and inner.right <= outer.right
    return across and outer.bottom <= inner.bottom and inner.top <= outer.top


def _joins_cleanly(bar: Rect, own: kdb.Region) -> bool:
    """Return whether the bar makes no notch with the pin's own met1."""
    joined = (own + kdb.Region(kdb.Box(*bar))).merged()
    return bool(joined.space_check(SPACE).is_empty())


def _region(rects: list[Rect]) -> kdb.Region:
    region = kdb.Region()
    for rect in rects:
        region.insert(kdb.Box(*rect))
    return region.merged()


def _parts(whole: kdb.Region) -> list[Rect]:
    """Return rectangles that cover a region: its horizontal and its vertical slices."""
    turned = whole.transformed(kdb.Trans.R90).decompose_trapezoids_to_region()
    return list(dict.fromkeys(_slices(whole) + _boxes(turned.transformed(kdb.Trans.R270))))


def _slices(whole: kdb.Region) -> list[Rect]:
    """Return rectangles that cover a region, each as wide as can be."""
    return _boxes(whole.decompose_trapezoids_to_region())


def _boxes(rectangles: kdb.Region) -> list[Rect]:
    boxes = (polygon.bbox() for polygon in rectangles.each())
    return sorted(Rect(box.left, box.bottom, box.right, box.top) for box in boxes)
