"""Fill cells: wells and rails go on through every gap."""

from librelane_plugin_offline.database import Design, Instance
from librelane_plugin_offline.grid import LIBRARY, ROW, SITE, orientation

#: Widths in sites, widest first; the last fills any gap.
FILLERS = ((8, "fill_8"), (4, "fill_4"), (2, "fill_2"), (1, "fill_1"))


def add_fill(design: Design) -> None:
    """Fill all gaps of all rows."""
    taken: dict[int, list[tuple[int, int]]] = {}
    for name in design.instances:
        x, y = design.placed(name)
        taken.setdefault(y, []).append((x, x + design.macro_of(name).width))
    for row in range(design.plan.rows):
        y, at = design.plan.core.bottom + row * ROW, design.plan.core.left
        for start, end in [*sorted(taken.get(y, [])), (design.plan.core.right, 0)]:
            _fill_gap(design, row, y, at, start)
            at = end


def _fill_gap(design: Design, row: int, y: int, x: int, end: int) -> None:
    while x < end:
        sites, master = next(one for one in FILLERS if x + one[0] * SITE <= end)
        name = f"FILLER_{row}_{x // SITE}"
        turned = orientation(row)
        design.add(name, Instance(LIBRARY + master, {}, True, x, y, turned))
        x += sites * SITE
