"""Stream-out: the GDSII of the routed design, without timestamps, so that equal runs are equal."""

from pathlib import Path

import klayout.db as kdb

from librelane_plugin_offline.access import Access, Landing
from librelane_plugin_offline.database import Design, FlowError, Rect, Shape
from librelane_plugin_offline.grid import ROW, SPACING
from librelane_plugin_offline.layers import DRAWING, LABEL, PIN
from librelane_plugin_offline.ports import port_layer, port_rect
from librelane_plugin_offline.power_grid import power_grid, strap_rect

#: Half the size of a contact from li1 to met1, in nm.
CONTACT_HALF = 85
#: Filling a notch can make another; so often at the most.
FILL_ROUNDS = 4


def stream_out(
    design: Design, shapes: list[Shape], cell_gds: Path, access: Access, out: Path
) -> None:
    """Write the layout of a design whose wires are `shapes`. Lengths in nm (database unit 1 nm)."""
    layout = kdb.Layout()
    layout.read(str(cell_gds))
    layout.dbu = 0.001
    top = layout.create_cell(design.top)
    _Writer(design, layout, top).write(shapes, access)
    _drop_unused(layout, top)
    options = kdb.SaveLayoutOptions()
    options.format = "GDS2"
    options.gds2_write_timestamps = False
    layout.write(str(out), options)


def fill_notches(region: kdb.Region, spacing: int) -> kdb.Region:
    """Return the metal of one net with the gaps filled that are narrower than `spacing`."""
    for _ in range(FILL_ROUNDS):
        gaps = region.space_check(spacing, False, kdb.Region.Projection).polygons()
        if gaps.is_empty():
            break
        region = (region + gaps).merged()
    return region


class _Writer:
    def __init__(self, design: Design, layout: kdb.Layout, top: kdb.Cell) -> None:
        self._design, self._layout, self._top = design, layout, top

    def write(self, shapes: list[Shape], access: Access) -> None:
        self._cells(access)
        self._wires(shapes)
        for shape in power_grid(self._design):
            self._draw(shape.layer, shape.rect)
        self._power_ports()
        self._signal_ports()
        self._draw("boundary", self._design.plan.die)

    def _draw(self, layer: str, rect: Rect) -> None:
        self._top.shapes(self._layout.layer(*DRAWING[layer])).insert(kdb.Box(*rect))

    def _cells(self, access: Access) -> None:
        for name, instance in self._design.instances.items():
            cell = self._layout.cell(instance.master)
            if cell is None:
                raise FlowError(f"{name}: the GDS library has no cell {instance.master!r}.")
            x, y = self._design.placed(name)
            turn = kdb.Trans(kdb.Trans.R0, x, y)
            if instance.orientation == "FS":
                turn = kdb.Trans(kdb.Trans.M0, x, y + ROW)
            self._top.insert(kdb.CellInstArray(cell.cell_index(), turn))
            landings = access.landings.get(instance.master, {})
            for pin in instance.pins:
                if pin in landings:
                    self._landing(landings[pin], turn)

    def _landing(self, landing: Landing, turn: kdb.Trans) -> None:
        bar = kdb.Box(*landing.bar).transformed(turn)
        self._top.shapes(self._layout.layer(*DRAWING["met1"])).insert(bar)
        if landing.contact_x is not None:
            x, y, half = landing.contact_x, landing.y, CONTACT_HALF
            cut = kdb.Box(x - half, y - half, x + half, y + half).transformed(turn)
            self._top.shapes(self._layout.layer(*DRAWING["mcon"])).insert(cut)

    def _wires(self, shapes: list[Shape]) -> None:
        metal: dict[tuple[str, str], kdb.Region] = {}
        for shape in shapes:
            if shape.layer in SPACING:
                key = (shape.net, shape.layer)
                metal.setdefault(key, kdb.Region()).insert(kdb.Box(*shape.rect))
            else:
                self._draw(shape.layer, shape.rect)
        for (_, layer), region in metal.items():
            filled = fill_notches(region.merged(), SPACING[layer])
            self._top.shapes(self._layout.layer(*DRAWING[layer])).insert(filled)

    def _port(self, name: str, layer: str, rect: Rect) -> None:
        box = kdb.Box(*rect)
        self._top.shapes(self._layout.layer(*PIN[layer])).insert(box)
        middle = box.center()
        label = kdb.Text(name, middle.x, middle.y)
        self._top.shapes(self._layout.layer(*LABEL[layer])).insert(label)

    def _power_ports(self) -> None:
        for net, x in self._design.plan.straps:
            self._port(net, "met4", strap_rect(self._design, x))

    def _signal_ports(self) -> None:
        for name, port in self._design.ports.items():
            layer, rect = port_layer(port), port_rect(port)
            self._draw(layer, rect)
            self._port(name, layer, rect)


def _drop_unused(layout: kdb.Layout, top: kdb.Cell) -> None:
    used = {*top.called_cells(), top.cell_index()}
    layout.delete_cells([c.cell_index() for c in layout.each_cell() if c.cell_index() not in used])
