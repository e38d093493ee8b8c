"""Which landing each pin of a cell gets: one met1 bar per signal pin, on a met2 track.

One place per pin is chosen such that bars keep their distance, wires come in on different tracks,
and met3 tracks are near. A branch-and-bound search finds the combination of least cost. In nm.
"""

from librelane_plugin_offline.database import FlowError
from librelane_plugin_offline.grid import PITCH_X, PITCH_Y, TRACK_Y
from librelane_plugin_offline.pdk.pin_places import SPACE, Cell, Place, apart

#: A landing this near to a met3 track (or nearer) is easily reached.
NEAR_TRACK = 195
#: The middle of the cell, which wires reach from both sides.
MIDDLE_Y = 1360
#: Combinations tried at the most: the first found are good already.
MOST_TRIES = 20_000
#: Costs, of one place and of two on the same track; the rest of a cost is small beside these.
FAR_FROM_TRACK, SAME_TRACK, SAME_CROSSING = 3000, 1000, 6000
#: Costs of two near the same met3 track, by how many met2 tracks they are apart: vias to met3
#: on neighbouring tracks are too near each other, and on the next ones in each other's way.
SAME_ROW = {1: 300, 2: 60}


def choose(cell: Cell) -> dict[str, Place]:
    """Return one place for each signal pin; FlowError when a pin has none."""
    pins = [name for name, pin in cell.lef.pins.items() if pin.is_signal]
    candidates = {pin: sorted(cell.places(pin), key=cost) for pin in pins}
    for pin, places in candidates.items():
        if not places:
            raise FlowError(f"No wire can land on pin {pin}.")
    chosen = _Chooser(candidates).best()
    return {pin: chosen[pin] for pin in pins}


def cost(place: Place) -> int:
    """Return how bad a place is for itself: far from the tracks, a long bar, near a rail."""
    far = FAR_FROM_TRACK if place.off_track >= NEAR_TRACK else 0
    return far + (place.bar.right - place.bar.left) // 4 + abs(place.y - MIDDLE_Y) // 40


def cost_together(one: Place, other: Place) -> int:
    """Return how much two pins' places are in each other's way."""
    same_row = _track_y(one) == _track_y(other)
    if one.x == other.x:
        return SAME_CROSSING if same_row else SAME_TRACK
    return SAME_ROW.get(abs(one.x - other.x) // PITCH_X, 0) if same_row else 0


def _track_y(place: Place) -> int:
    """Return which met3 track is nearest."""
    return round((place.y - TRACK_Y) / PITCH_Y)


class _Chooser:
    """Looks for the best combination, the pins of fewest candidates first."""

    def __init__(self, candidates: dict[str, list[Place]]) -> None:
        self._candidates = candidates
        self._order = sorted(candidates, key=lambda pin: len(candidates[pin]))
        # What the pins from the k-th on cost at least: each its best place.
        least = [cost(candidates[pin][0]) for pin in self._order]
        self._least = [sum(least[k:]) for k in range(len(least) + 1)]
        self._best: tuple[int, list[Place]] | None = None
        self._tries = 0

    def best(self) -> dict[str, Place]:
        """Return the combination of least cost."""
        self._extend([], 0)
        if self._best is None:
            raise FlowError(f"No landings fit together: {', '.join(self._order)}.")
        return dict(zip(self._order, self._best[1], strict=True))

    def _extend(self, chosen: list[Place], spent: int) -> None:
        """Try all places of the next pin."""
        self._tries += 1
        if len(chosen) == len(self._order):
            self._best = spent, chosen
            return
        for place in self._candidates[self._order[len(chosen)]]:
            total = spent + cost(place)
            if self._is_hopeless(total, len(chosen) + 1):
                return  # the places that follow cost no less
            if all(apart(place.bar, other.bar, SPACE) for other in chosen):
                total += sum(cost_together(place, other) for other in chosen)
                if not self._is_hopeless(total, len(chosen) + 1):
                    self._extend([*chosen, place], total)

    def _is_hopeless(self, spent: int, chosen: int) -> bool:
        """Return whether this cannot become better than the best so far."""
        if self._best is None:
            return False
        return self._tries > MOST_TRIES or spent + self._least[chosen] >= self._best[0]
