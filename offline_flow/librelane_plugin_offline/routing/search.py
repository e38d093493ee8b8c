"""The shortest path from a tree to a pin: A* on the grid's arrays, compiled by numba.

Costs are in um of wire; a via costs as much as VIA um. The heap is a plain binary heap in two
arrays, because numba has none that is as fast.
"""

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

STEP_X, STEP_Y, VIA = 0.46, 0.68, 1.2
NOT_FOUND = -1

Function = TypeVar("Function", bound=Callable[..., object])
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Numbers = NDArray[np.float32]
#: distance, previous, seen, target stamps, heap keys, heap nodes
Work = tuple[Floats, Ints, Ints, Ints, Floats, Ints]


def compiled(function: Function) -> Function:
    """Have numba compile a function, and keep the result on disk for the next process."""
    return numba.njit(cache=True)(function)  # type: ignore[return-value]


@compiled
def _push(keys: Floats, nodes: Ints, size: int, key: float, node: int) -> int:
    k = size
    keys[k], nodes[k] = key, node
    while k > 0:
        parent = (k - 1) // 2
        if keys[parent] <= keys[k]:
            break
        keys[parent], keys[k] = keys[k], keys[parent]
        nodes[parent], nodes[k] = nodes[k], nodes[parent]
        k = parent
    return size + 1


@compiled
def _pop(keys: Floats, nodes: Ints, size: int) -> int:
    """Remove the first entry, which the caller has read; return the new size."""
    size -= 1
    keys[0], nodes[0] = keys[size], nodes[size]
    k = 0
    while True:
        child = 2 * k + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[k] <= keys[child]:
            break
        keys[child], keys[k] = keys[k], keys[child]
        nodes[child], nodes[k] = nodes[k], nodes[child]
        k = child
    return size


@compiled
def _neighbour(
    node: int,
    layer: int,
    i: int,
    j: int,
    way: int,
    shape: tuple[int, int],
    box: tuple[int, int, int, int],
) -> tuple[int, float]:
    """Return the node one step away in one of four ways, and the step's cost; -1 for none.

    Ways 0 and 1 run along the layer's tracks, 2 and 3 go up and down.
    """
    nx, ny = shape
    plane = nx * ny
    if way == 2:
        return (node + plane, VIA) if layer < 3 else (-1, 0.0)
    if way == 3:
        return (node - plane, VIA) if layer > 0 else (-1, 0.0)
    step = 1 if way == 0 else -1
    if layer % 2 == 0:
        inside = box[0] <= i + step <= box[1]
        return (node + step * ny, STEP_X) if inside else (-1, 0.0)
    inside = box[2] <= j + step <= box[3]
    return (node + step, STEP_Y) if inside else (-1, 0.0)


@compiled
def find_path(
    shape: tuple[int, int],
    sources: Ints,
    net: int,
    stamp: int,
    goal: tuple[int, int],
    box: tuple[int, int, int, int],
    owner: Ints,
    history: Numbers,
    usage: Ints,
    pressure: float,
    work: Work,
) -> int:
    """Return the first node reached that is stamped as a target, or -1.

    shape: (nx, ny); sources: nodes to start from; goal: (i, j) near the targets for the estimate,
    i = -1 for none; box: (i0, i1, j0, j1) to stay in. The path back is in the array `previous`.
    """
    distance, previous, seen, targets, keys, nodes = work
    ny = shape[1]
    plane = shape[0] * ny
    size = 0
    for node in sources:
        distance[node], previous[node], seen[node] = 0.0, -1, stamp
        size = _push(keys, nodes, size, 0.0, node)
    while size > 0:
        key, node = keys[0], nodes[0]
        size = _pop(keys, nodes, size)
        if targets[node] == stamp:
            return int(node)
        layer = node // plane
        i, j = (node - layer * plane) // ny, node % ny
        ahead = STEP_X * abs(i - goal[0]) + STEP_Y * abs(j - goal[1]) if goal[0] >= 0 else 0.0
        if key > distance[node] + ahead + 1e-6:
            continue  # a better way to it has been found since
        for way in range(4):
            near, cost = _neighbour(node, layer, i, j, way, shape, box)
            if near < 0 or (owner[near] != 0 and owner[near] != net):
                continue
            if owner[near] != net:
                cost = (cost + history[near]) * (1.0 + pressure * usage[near])
            reached = distance[node] + cost
            if seen[near] == stamp and distance[near] <= reached:
                continue
            distance[near], previous[near], seen[near] = reached, node, stamp
            near_i, near_j = (near % plane) // ny, near % ny
            ahead = 0.0
            if goal[0] >= 0:
                ahead = STEP_X * abs(near_i - goal[0]) + STEP_Y * abs(near_j - goal[1])
            size = _push(keys, nodes, size, reached + ahead, near)
    return -1


class Search:
    """The arrays that one search after another works in."""

    def __init__(self, nodes: int) -> None:
        self.history: Numbers = np.zeros(nodes, np.float32)
        self.usage: Ints = np.zeros(nodes, np.int32)
        self._previous: Ints = np.zeros(nodes, np.int32)
        self._targets: Ints = np.zeros(nodes, np.int32)
        self._stamp = 0
        self._work = (
            np.zeros(nodes, np.float64),
            self._previous,
            np.zeros(nodes, np.int32),
            self._targets,
            # A node is pushed at most once for each of its neighbours, and once as a source.
            np.zeros(5 * nodes + 8, np.float64),
            np.zeros(5 * nodes + 8, np.int32),
        )

    def path(
        self,
        shape: tuple[int, int],
        owner: Ints,
        net: int,
        sources: list[int],
        targets: list[int],
        goal: tuple[int, int],
        box: tuple[int, int, int, int],
        pressure: float,
    ) -> list[int] | None:
        """Return the nodes from a source to a target, in order; None when there is no way."""
        self._stamp += 1
        self._targets[targets] = self._stamp
        starts = np.array(sources, np.int32)
        found = find_path(
            shape,
            starts,
            net,
            self._stamp,
            goal,
            box,
            owner,
            self.history,
            self.usage,
            pressure,
            self._work,
        )
        if found == NOT_FOUND:
            return None
        path = [int(found)]
        while self._previous[path[-1]] >= 0:
            path.append(int(self._previous[path[-1]]))
        return path[::-1]
