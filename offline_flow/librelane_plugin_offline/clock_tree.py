"""Buffer trees: the clock's, and those of nets with too many sinks."""

import re

from librelane_plugin_offline.database import Design, Instance
from librelane_plugin_offline.grid import LIBRARY

#: Sinks per clock buffer, and the buffers from the leaves to the root.
CLOCK_FANOUT = 12
CLOCK_BUFFERS = (LIBRARY + "clkbuf_4", LIBRARY + "clkbuf_8")
FANOUT_BUFFERS = (LIBRARY + "buf_4",)
#: A net may have so many sinks more than the limit before it gets buffers.
FANOUT_SLACK = 2
_CLOCK_PREFIX = "clkbuf_"


def build_clock_trees(design: Design, clocks: list[str]) -> int:
    """Buffer the nets of the clock ports; return how many buffers were added."""
    added = 0
    for port in clocks:
        net = design.ports[port].net if port in design.ports else port
        if net in design.nets:
            prefix = _CLOCK_PREFIX + re.sub(r"\W", "_", port)
            added += buffer_tree(design, net, CLOCK_FANOUT, CLOCK_BUFFERS, prefix)
    return added


def buffer_large_nets(design: Design, clocks: list[str], max_fanout: int) -> int:
    """Buffer all other nets of too many sinks; return how many buffers were added."""
    clock_nets = {design.ports[port].net for port in clocks if port in design.ports}
    added = 0
    for net in list(design.nets):
        ours = net.startswith(_CLOCK_PREFIX) or net in clock_nets
        if not ours and len(design.nets[net]) > max_fanout + FANOUT_SLACK:
            added += buffer_tree(design, net, max_fanout, FANOUT_BUFFERS, f"fanout{added}")
    return added


def buffer_tree(
    design: Design, net: str, max_fanout: int, buffers: tuple[str, ...], prefix: str
) -> int:
    """Split a net until nothing drives more than `max_fanout` sinks; return the buffers added.

    Level by level, sinks that are near each other get a buffer in their middle. `buffers` are the
    cells by level, from the leaves on; the last serves for all further ones.
    """
    if max_fanout < 2:
        raise ValueError(f"a tree needs a fan-out of two at least, not {max_fanout}")
    level = added = 0
    while len(sinks := _sinks(design, net)) > max_fanout:
        points = [design.pin_position(*sink) for sink in sinks]
        for group in clusters(points, max_fanout):
            master = buffers[min(level, len(buffers) - 1)]
            _add_buffer(design, net, [sinks[k] for k in group], master, f"{prefix}_{level}_{added}")
            added += 1
        level += 1
    return added


def clusters(points: list[tuple[int, int]], size: int) -> list[list[int]]:
    """Group points, given by index, by recursive bisection into groups of at most `size`."""
    return _cluster(points, list(range(len(points))), size)


def _cluster(points: list[tuple[int, int]], group: list[int], size: int) -> list[list[int]]:
    if len(group) <= size:
        return [group]
    spans = [max(points[k][a] for k in group) - min(points[k][a] for k in group) for a in (0, 1)]
    axis = 0 if spans[0] >= spans[1] else 1
    ordered = sorted(group, key=lambda k: (points[k][axis], points[k][1 - axis], k))
    parts = -(-len(group) // size)
    half = len(group) * (parts // 2) // parts
    return _cluster(points, ordered[:half], size) + _cluster(points, ordered[half:], size)


def _sinks(design: Design, net: str) -> list[tuple[str, str]]:
    return [pin for pin in design.nets[net] if not design.is_output(*pin)]


def _add_buffer(
    design: Design, net: str, sinks: list[tuple[str, str]], master: str, name: str
) -> None:
    points = [design.pin_position(*sink) for sink in sinks]
    x = sum(x for x, _ in points) // len(points)
    y = sum(y for _, y in points) // len(points)
    driven = f"{name}_out"
    for instance, pin in sinks:
        design.reconnect(instance, pin, driven)
    design.add(name, Instance(master, {"A": net, "X": driven}, x=x, y=y))
