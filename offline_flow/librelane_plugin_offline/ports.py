"""The metal of ports, on the die's edge. Lengths in nm."""

from librelane_plugin_offline.database import Port, Rect

#: How far a port's metal reaches into the die, and half its width, by layer.
LENGTH = {"met2": 490, "met3": 800}
HALF = {"met2": 70, "met3": 165}


def port_layer(port: Port) -> str:
    """Return the layer of a port's metal."""
    return "met2" if port.side in "NS" else "met3"


def port_rect(port: Port) -> Rect:
    """Return a port's metal on the die."""
    layer = port_layer(port)
    half, length = HALF[layer], LENGTH[layer]
    x, y = port.x, port.y
    return {
        "N": Rect(x - half, y - length, x + half, y),
        "S": Rect(x - half, y, x + half, y + length),
        "W": Rect(x, y - half, x + length, y + half),
        "E": Rect(x - length, y - half, x, y + half),
    }[port.side]
