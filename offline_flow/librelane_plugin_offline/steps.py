"""The flow's own steps, as LibreLane sees them."""

import json
import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from librelane.common import Path as FlowPath
from librelane.config import Variable
from librelane.state import DesignFormat, State
from librelane.steps import Step, StepError

from librelane_plugin_offline.database import ERROR_MARK, MORE_ROOM
from librelane_plugin_offline.sta import TimingAnalysis, clock_ports

DesignFormat("pnr_db", "pnr.json", "Offline place-and-route database").register()
DesignFormat("route_shapes", "route.json", "Offline routed shapes").register()
DATABASE = DesignFormat.factory.get("pnr_db")
ROUTE = DesignFormat.factory.get("route_shapes")
LAYOUT = [DATABASE, DesignFormat.DEF]
NETLISTS = [DesignFormat.NETLIST, DesignFormat.POWERED_NETLIST]

PNR_LEF = Variable("OFFLINE_PNR_LEF", FlowPath, "LEF with one landing per pin.", pdk=True)
PIN_ACCESS = Variable("OFFLINE_PIN_ACCESS", FlowPath, "Where wires land on pins.", pdk=True)
CELL_SPICE = Variable("OFFLINE_CELL_SPICE_DIR", FlowPath, "SPICE of the cells.", pdk=True)
EFFORT = Variable("OFFLINE_PLACE_EFFORT", int, "Placement effort, 1 to 9.", default=4)


class OfflineStep(Step):  # type: ignore[misc]
    """A step that runs a command of `tool` in a process of its own."""

    command = ""
    config_vars = [PNR_LEF]
    inputs = [DATABASE]
    outputs: list[Any] = []

    def arguments(self, state_in: State) -> dict[str, Any]:
        """Return what the command needs besides the design."""
        return {}

    def run(self, state_in: State, **kwargs: Any) -> tuple[dict[Any, Any], dict[str, Any]]:
        """Run the command; what it writes is named after the design."""
        kwargs, env = self.extract_env(kwargs)
        folder = Path(self.step_dir).absolute()
        arguments = {
            "out": str(folder),
            "top": self.config["DESIGN_NAME"],
            "lef": str(self.config["OFFLINE_PNR_LEF"]),
            **self.arguments(state_in),
        }
        if DATABASE in self.inputs:
            arguments["db"] = str(state_in[DATABASE])
        path = folder / "arguments.json"
        path.write_text(json.dumps(arguments, indent=2))
        env["PYTHONPATH"] = os.pathsep.join(
            [str(Path(__file__).parents[1]), env.get("PYTHONPATH", "")]
        )
        command = [sys.executable, "-m", "librelane_plugin_offline.tool", self.command, str(path)]
        result = self.run_subprocess(command, env=env, check=False)
        if result["returncode"]:
            raise StepError(self._reason(result["returncode"]))
        return self._views(folder), result["generated_metrics"]

    def _reason(self, status: int) -> str:
        """Return what the command said about its failure."""
        log = Path(self.get_log_path()).read_text(errors="replace")
        _, marker, reason = log.rpartition(ERROR_MARK)
        return reason.strip() if marker else f"{self.name} ended with status {status}; see its log."

    def _views(self, folder: Path) -> dict[Any, Any]:
        name = self.config["DESIGN_NAME"]
        return {view: FlowPath(folder / f"{name}.{view.extension}") for view in self.outputs}


@Step.factory.register()
class Floorplan(OfflineStep):
    """Rows, power straps, ports and well taps."""

    id = "Offline.Floorplan"
    name = "Floorplan"
    command = "floorplan"
    inputs = [DesignFormat.NETLIST]
    outputs = LAYOUT
    config_vars = [
        PNR_LEF,
        Variable(
            "FP_SIZING",
            Literal["relative", "absolute"],
            "Whether the die follows from the cells (FP_CORE_UTIL) or is given (DIE_AREA).",
            default="relative",
        ),
        Variable("FP_CORE_UTIL", Decimal, "Core utilization.", default=40, units="%"),
        Variable("FP_ASPECT_RATIO", Decimal, "Core height over width.", default=1),
    ]

    def arguments(self, state_in: State) -> dict[str, Any]:
        """See OfflineStep.arguments."""
        config = self.config
        return {
            "netlist": str(state_in[DesignFormat.NETLIST]),
            "utilization": float(config["FP_CORE_UTIL"]) / 100,
            "aspect": float(config["FP_ASPECT_RATIO"]),
            "die": self._die(),
            "tie_high": config["SYNTH_TIEHI_CELL"],
            "tie_low": config["SYNTH_TIELO_CELL"],
            "libs": [str(lib) for lib in self.toolbox.filter_views(config, config["LIB"])],
        }

    def _die(self) -> list[float] | None:
        """Return the edges of the die that is given, in um: left, bottom, right, top."""
        if self.config["FP_SIZING"] == "relative":
            return None
        if self.config["DIE_AREA"] is None:
            raise StepError("FP_SIZING 'absolute' needs DIE_AREA.")
        return [float(edge) for edge in self.config["DIE_AREA"]]


@Step.factory.register()
class Placement(OfflineStep):
    """Global and detailed placement."""

    id = "Offline.Placement"
    name = "Placement"
    command = "place"
    outputs = [*LAYOUT, *NETLISTS]
    config_vars = [
        PNR_LEF,
        EFFORT,
        Variable(
            "OFFLINE_PLACE_DENSITY",
            Decimal,
            "The share of any place that cells may fill.",
            default=Decimal("0.6"),
        ),
    ]

    def arguments(self, state_in: State) -> dict[str, Any]:
        """See OfflineStep.arguments."""
        return {
            "effort": self.config["OFFLINE_PLACE_EFFORT"],
            "density": float(self.config["OFFLINE_PLACE_DENSITY"]),
        }


@Step.factory.register()
class ClockTree(OfflineStep):
    """The clock tree, and buffers of nets with many sinks."""

    id = "Offline.CTS"
    name = "Clock Tree Synthesis"
    command = "clock_tree"
    outputs = [*LAYOUT, *NETLISTS]
    config_vars = [
        PNR_LEF,
        EFFORT,
        Variable("OFFLINE_MAX_FANOUT", int, "Sinks per buffer.", default=16),
    ]

    def arguments(self, state_in: State) -> dict[str, Any]:
        """See OfflineStep.arguments."""
        return {
            "effort": self.config["OFFLINE_PLACE_EFFORT"],
            "clocks": clock_ports(self.config),
            "max_fanout": self.config["OFFLINE_MAX_FANOUT"],
        }


@Step.factory.register()
class FillInsertion(OfflineStep):
    """Fill cells."""

    id = "Offline.FillInsertion"
    name = "Fill Insertion"
    command = "fill"
    outputs = [*LAYOUT, *NETLISTS]


@Step.factory.register()
class DetailedRouting(OfflineStep):
    """Routing on met1 to met4."""

    id = "Offline.DetailedRouting"
    name = "Detailed Routing"
    command = "route"
    outputs = [*LAYOUT, ROUTE, *NETLISTS]
    config_vars = [
        PNR_LEF,
        PIN_ACCESS,
        Variable("OFFLINE_ROUTE_ITERATIONS", int, "Rounds of negotiation.", default=80),
    ]

    def arguments(self, state_in: State) -> dict[str, Any]:
        """See OfflineStep.arguments."""
        return {
            "access": str(self.config["OFFLINE_PIN_ACCESS"]),
            "iterations": self.config["OFFLINE_ROUTE_ITERATIONS"],
        }

    def run(self, state_in: State, **kwargs: Any) -> tuple[dict[Any, Any], dict[str, Any]]:
        """Route; where nets still touch, go on with a warning, so that the layout can be seen."""
        views, metrics = super().run(state_in, **kwargs)
        if touching := metrics["route__drc_errors"]:
            self.warn(
                f"Routing did not converge: {touching} nets get in each other's way. " + MORE_ROOM
            )
        return views, metrics

    def _views(self, folder: Path) -> dict[Any, Any]:
        spef = FlowPath(folder / f"{self.config['DESIGN_NAME']}.spef")
        return {**super()._views(folder), DesignFormat.SPEF: {"nom_*": spef}}


@Step.factory.register()
class StreamOut(OfflineStep):
    """GDSII."""

    id = "Offline.StreamOut"
    name = "GDSII Stream-Out"
    command = "stream"
    inputs = [DATABASE, ROUTE]
    outputs = [DesignFormat.GDS]
    config_vars = [PNR_LEF, PIN_ACCESS]

    def arguments(self, state_in: State) -> dict[str, Any]:
        """See OfflineStep.arguments."""
        return {
            "route": str(state_in[ROUTE]),
            "cell_gds": str(self.config["CELL_GDS"][0]),
            "access": str(self.config["OFFLINE_PIN_ACCESS"]),
        }

    def _views(self, folder: Path) -> dict[Any, Any]:
        views = super()._views(folder)
        return {**views, DesignFormat.KLAYOUT_GDS: views[DesignFormat.GDS]}


@Step.factory.register()
class DesignRuleCheck(OfflineStep):
    """Design rule check."""

    id = "Offline.DRC"
    name = "Design Rule Check"
    command = "drc"
    inputs = [DATABASE, DesignFormat.GDS]

    def arguments(self, state_in: State) -> dict[str, Any]:
        """See OfflineStep.arguments."""
        return {"gds": str(state_in[DesignFormat.GDS])}


@Step.factory.register()
class LayoutVersusSchematic(OfflineStep):
    """Layout versus schematic."""

    id = "Offline.LVS"
    name = "Layout vs. Schematic"
    command = "lvs"
    inputs = [DATABASE, DesignFormat.GDS]
    outputs = [DesignFormat.SPICE]
    config_vars = [PNR_LEF, CELL_SPICE]

    def arguments(self, state_in: State) -> dict[str, Any]:
        """See OfflineStep.arguments."""
        return {
            "gds": str(state_in[DesignFormat.GDS]),
            "cell_spice": str(self.config["OFFLINE_CELL_SPICE_DIR"]),
        }


@Step.factory.register()
class TimingBefore(TimingAnalysis):
    """Timing of the synthesised netlist, without wires."""

    id = "Offline.STAPrePNR"
    name = "Timing Analysis Before Place and Route"


@Step.factory.register()
class TimingAfter(TimingAnalysis):
    """Timing with clock tree and estimated wires."""

    id = "Offline.STAPostPNR"
    name = "Timing Analysis After Place and Route"
    inputs = [DesignFormat.NETLIST, DesignFormat.SPEF]
    with_wires = True
