"""What each step of ours runs: `python -m librelane_plugin_offline.tool COMMAND ARGUMENTS.json`.

A process of its own, so that its memory is given back and its output is the step's log. Metrics are
printed as LibreLane reads them from a step's output.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from librelane_plugin_offline.access import Access
from librelane_plugin_offline.clock_tree import buffer_large_nets, build_clock_trees
from librelane_plugin_offline.database import ERROR_MARK, MORE_ROOM, Design, FlowError, Rect, Shape
from librelane_plugin_offline.drc import run_drc
from librelane_plugin_offline.fill import add_fill
from librelane_plugin_offline.floorplan import (
    add_taps,
    cell_area,
    fit_floorplan,
    make_floorplan,
    place_ports,
)
from librelane_plugin_offline.lef import read_lef
from librelane_plugin_offline.lvs import run_lvs, write_schematic
from librelane_plugin_offline.netlist import read_netlist
from librelane_plugin_offline.placement import improve, overlaps, place
from librelane_plugin_offline.routing.router import make_router
from librelane_plugin_offline.routing.shapes import NetRoute, net_route
from librelane_plugin_offline.stream_out import stream_out
from librelane_plugin_offline.writers.def_file import write_def
from librelane_plugin_offline.writers.spef import write_spef
from librelane_plugin_offline.writers.verilog import write_verilog


def metric(name: str, value: float) -> None:
    """Report a metric to LibreLane."""
    print(f"%OL_METRIC_{'I' if isinstance(value, int) else 'F'} {name} {value}", flush=True)


class Tool:
    """The arguments of a step, and where its files go."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._arguments = arguments
        self._macros = read_lef(Path(arguments["lef"]))

    def file(self, suffix: str) -> Path:
        """Return the path of a file that the step writes."""
        return Path(self._arguments["out"]) / f"{self._arguments['top']}.{suffix}"

    def input(self, name: str) -> Path:
        """Return the path of a file that the step reads."""
        return Path(self._arguments[name])

    def design(self) -> Design:
        """Return the design as the step before has left it."""
        return Design.load(self.input("db"), self._macros)

    def floorplan(self) -> None:
        """Rows, straps, ports and taps."""
        arguments = self._arguments
        netlist = self.file("nl.json")
        _flatten_netlist(arguments, netlist)
        design = read_netlist(netlist, arguments["top"], self._macros)
        area = cell_area(design)
        if arguments["die"] is not None:
            fit_floorplan(design, Rect(*(round(1000 * edge) for edge in arguments["die"])))
        else:
            make_floorplan(design, arguments["utilization"], arguments["aspect"])
        place_ports(design)
        add_taps(design)
        core, die = design.plan.core, design.plan.die
        core_area = (core.right - core.left) * (core.top - core.bottom)
        metric("design__instance__utilization", area / core_area)
        metric("design__core__area", core_area / 1e6)
        metric("design__die__area", die.right * die.top / 1e6)
        metric("design__rows", design.plan.rows)
        design.save(self.file("pnr.json"))
        write_def(design, self.file("def"))

    def place(self) -> None:
        """Global placement, spreading, legalisation, detailed placement."""
        design = self.design()
        place(design, self._arguments["effort"], self._arguments["density"])
        self._placed(design)

    def clock_tree(self) -> None:
        """Clock tree, buffers of large nets, and legal places for them."""
        design, clocks = self.design(), self._arguments["clocks"]
        metric("clock__buffer__count", build_clock_trees(design, clocks))
        added = buffer_large_nets(design, clocks, self._arguments["max_fanout"])
        metric("design__fanout_buffer__count", added)
        improve(design, self._arguments["effort"])
        self._placed(design)

    def fill(self) -> None:
        """Fill cells."""
        design = self.design()
        add_fill(design)
        connected = sum(1 for one in design.instances.values() if one.pins)
        metric("design__instance__count", len(design.instances))
        metric("design__instance__count__stdcell", connected)
        self._write(design)

    def route(self) -> None:
        """Routing; a FlowError when a net has no way. Nets that touch are left to be shown."""
        design = self.design()
        router = make_router(design, Access.load(self.input("access")))
        router.run(self._arguments["iterations"], print)
        if router.unrouted:
            raise FlowError(f"{len(router.unrouted)} nets have no way. {MORE_ROOM}")
        routes = [net_route(router.grid, net) for net in router.nets]
        _route_metrics(routes)
        metric("route__drc_errors", len(router.contested))
        metric("route__iterations", router.iterations)
        shapes = [shape for route in routes for shape in route.shapes()]
        self.file("route.json").write_text(json.dumps(shapes))
        write_spef(design, routes, self.file("spef"))
        self._write(design, routes)

    def stream(self) -> None:
        """GDSII."""
        rows = json.loads(self.input("route").read_text())
        shapes = [Shape(net, layer, Rect(*rect)) for net, layer, rect in rows]
        access = Access.load(self.input("access"))
        stream_out(self.design(), shapes, self.input("cell_gds"), access, self.file("gds"))

    def drc(self) -> None:
        """Design rule check."""
        counts = run_drc(self.input("gds"), self._arguments["top"], self.file("lyrdb"))
        broken = {rule: count for rule, count in counts.items() if count}
        self.file("drc.json").write_text(json.dumps(counts, indent=2))
        metric("klayout__drc_error__count", sum(counts.values()))
        print(f"{len(counts)} rules checked; broken: {broken or 'none'}")

    def lvs(self) -> None:
        """Layout versus schematic."""
        design, schematic = self.design(), self.file("schematic.spice")
        write_schematic(design, self.input("cell_spice"), schematic)
        result = run_lvs(
            design, self.input("gds"), schematic, self.file("lvsdb"), self.file("spice")
        )
        self.file("lvs.json").write_text(json.dumps(asdict(result), indent=2))
        errors = 0 if result.match else max(1, len(result.mismatches))
        metric("design__lvs_error__count", errors)
        metric("design__lvs_device__count", result.devices)
        metric("design__lvs_unmatched_net__count", abs(result.nets[0] - result.nets[1]))
        metric("design__lvs_unmatched_pin__count", abs(result.pins[0] - result.pins[1]))
        words = "match" if result.match else f"differ: {', '.join(result.mismatches)}"
        print(f"{result.devices} transistors; layout and schematic {words}")

    def _placed(self, design: Design) -> None:
        metric("design__instance__displacement__overlaps", overlaps(design))
        metric("route__wirelength__estimated", design.wire_length() / 1000)
        self._write(design)

    def _write(self, design: Design, routes: list[NetRoute] | None = None) -> None:
        design.save(self.file("pnr.json"))
        write_def(design, self.file("def"), routes or ())
        write_verilog(design, self.file("nl.v"))
        write_verilog(design, self.file("pnl.v"), powered=True)


def _flatten_netlist(arguments: dict[str, Any], out: Path) -> None:
    """Have Yosys write the netlist as JSON: one bit a net, constants as tie cells."""
    from pyosys import libyosys  # noqa: PLC0415 - slow to load, and only this step needs it

    design = libyosys.Design()
    high, low = (arguments[key].replace("/", " ") for key in ("tie_high", "tie_low"))
    for command in (
        *(f"read_liberty -lib -ignore_miss_func {lib}" for lib in arguments["libs"]),
        f"read_verilog {arguments['netlist']}",
        f"hierarchy -top {arguments['top']}",
        "proc",
        "opt_clean -purge",
        f"hilomap -singleton -hicell {high} -locell {low}",
        "splitnets",
        f"write_json {out}",
    ):
        libyosys.run_pass(command, design)


def _route_metrics(routes: list[NetRoute]) -> None:
    length = sum(wire.length for route in routes for wire in route.wires)
    metric("route__wirelength", length / 1000)
    metric("route__vias", sum(len(route.vias) for route in routes))


def main() -> None:
    """Run one command; a FlowError ends it with its words alone."""
    command, arguments = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    try:
        getattr(Tool(arguments), command)()
    except FlowError as error:
        sys.exit(f"{ERROR_MARK}{error}")


if __name__ == "__main__":
    main()
