"""The fixed grids of sky130_fd_sc_hd, in nm.

Rows are 2720 high; row 0 and every other one is in orientation N (ground rail at its bottom), the
rows between are FS (mirrored about the x axis). A site is 460 wide. Routing tracks: met2 and met4
run vertically at x = 230 + 460 i, met1 and met3 horizontally at y = 340 + 680 j.
"""

SITE = 460
ROW = 2720
TRACK_X, PITCH_X = 230, 460
TRACK_Y, PITCH_Y = 340, 680
LIBRARY = "sky130_fd_sc_hd__"
POWER, GROUND = "VPWR", "VGND"

#: Wire widths in nm. met3 and met4 wires are as wide as the pads of their vias.
WIDTH = {"met1": 140, "met2": 140, "met3": 330, "met4": 330}
#: Minimum spacing in nm (sky130 rules m1.2, m2.2, m3.2, m4.2).
SPACING = {"met1": 140, "met2": 140, "met3": 300, "met4": 300}
#: Half the height of a power rail on met1, in nm.
RAIL_HALF = 240
#: Half the width of a power strap on met4, in nm.
STRAP_HALF = 800


def track_x(i: int) -> int:
    """Return the x of vertical track `i`, in nm."""
    return TRACK_X + PITCH_X * i


def track_y(j: int) -> int:
    """Return the y of horizontal track `j`, in nm."""
    return TRACK_Y + PITCH_Y * j


def orientation(row: int) -> str:
    """Return the orientation of cells in a row: N or FS."""
    return "N" if row % 2 == 0 else "FS"


def rail_of(boundary: int) -> str:
    """Return which rail runs along the lower edge of row `boundary`."""
    return GROUND if boundary % 2 == 0 else POWER
