"""Says what is wrong with routed metal, from rectangles alone: it knows nothing of the router."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from librelane_plugin_offline.database import Rect, Shape

#: Metals and the cuts that join them, from bottom to top.
STACK = ("met1", "via", "met2", "via2", "met3", "via3", "met4")
#: Least space between metal of two nets, in nm (sky130 rules m1.2, m2.2, m3.2, m4.2).
SPACE = {"met1": 140, "met2": 140, "met3": 300, "met4": 300}


@dataclass(frozen=True)
class Short:
    """Two nets that touch, or come too near, on a layer."""

    layer: str
    nets: tuple[str, str]


def shorts(shapes: Iterable[Shape]) -> set[Short]:
    """Return the pairs of nets that are too near each other."""
    found = set()
    for layer, on_layer in _by_layer(shapes).items():
        space = SPACE.get(layer, 0)
        for one, other in combinations(on_layer, 2):
            if one.net != other.net and _near(one.rect, other.rect, space):
                nets = sorted((one.net, other.net))
                found.add(Short(layer, (nets[0], nets[1])))
    return found


def pieces(shapes: Iterable[Shape]) -> dict[str, int]:
    """Return into how many unconnected pieces each net's metal falls."""
    by_net = defaultdict(list)
    for shape in shapes:
        by_net[shape.net].append(shape)
    return {net: _count_pieces(of_net) for net, of_net in by_net.items()}


def _by_layer(shapes: Iterable[Shape]) -> dict[str, list[Shape]]:
    layers = defaultdict(list)
    for shape in shapes:
        layers[shape.layer].append(shape)
    return layers


def _near(a: Rect, b: Rect, space: int) -> bool:
    """Return whether two rectangles overlap, or have less than `space` between them."""
    x = max(a.left, b.left) - min(a.right, b.right)
    y = max(a.bottom, b.bottom) - min(a.top, b.top)
    if x < 0 and y < 0:
        return True
    return max(x, 0) ** 2 + max(y, 0) ** 2 < space**2


def _count_pieces(shapes: list[Shape]) -> int:
    left = set(range(len(shapes)))
    count = 0
    while left:
        count += 1
        todo = [left.pop()]
        while todo:
            at = todo.pop()
            joined = {k for k in left if _joined(shapes[at], shapes[k])}
            left -= joined
            todo += joined
    return count


def _joined(one: Shape, other: Shape) -> bool:
    near = abs(STACK.index(one.layer) - STACK.index(other.layer)) <= 1
    return near and _touch(one.rect, other.rect)


def _touch(a: Rect, b: Rect) -> bool:
    return a.left <= b.right and b.left <= a.right and a.bottom <= b.top and b.bottom <= a.top


def outside(shapes: Iterable[Shape], die: Rect) -> Iterator[Shape]:
    """Yield the shapes that reach beyond the die."""
    for shape in shapes:
        rect = shape.rect
        if rect.left < 0 or rect.bottom < 0 or rect.right > die.right or rect.top > die.top:
            yield shape
