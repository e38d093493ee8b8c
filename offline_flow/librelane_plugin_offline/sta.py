"""Static timing analysis with OpenSTA: before and after place and route.

Constraints follow LibreLane's variables: the clock's port and period, delays of inputs and outputs
as a share of the period, the load of outputs. A design without a clock is measured against a
virtual one.
"""

import re
from pathlib import Path
from typing import Any

from librelane.state import DesignFormat, State
from librelane.steps import Step

_SCRIPT = """\
foreach library [list {libraries}] {{ read_liberty $library }}
read_verilog {netlist}
link_design {top}
{clock}
set_input_delay {io_delay} -clock clock [all_inputs]
set_output_delay {io_delay} -clock clock [all_outputs]
set_load {load} [all_outputs]
{wires}
report_checks -path_delay max -fields {{slew cap input_pins}} -digits 4 > {out}/max.rpt
report_checks -path_delay min -digits 4 > {out}/min.rpt
report_checks -unconstrained > {out}/unconstrained.rpt
puts "setup_ws: [worst_slack -max]"
puts "hold_ws: [worst_slack -min]"
report_tns
exit
"""


class TimingAnalysis(Step):  # type: ignore[misc]
    """A step that runs OpenSTA; subclasses say whether the wires are known."""

    inputs = [DesignFormat.NETLIST]
    outputs: list[Any] = []
    with_wires = False

    def run(self, state_in: State, **kwargs: Any) -> tuple[dict[Any, Any], dict[str, Any]]:
        """Write the script, run it, and read the slacks from its output."""
        kwargs, env = self.extract_env(kwargs)
        script = Path(self.step_dir) / "sta.tcl"
        script.write_text(self._script(state_in))
        self.run_subprocess(["sta", "-no_splash", "-exit", str(script)], env=env)
        return {}, read_slacks(Path(self.get_log_path()).read_text())

    def _script(self, state_in: State) -> str:
        period = float(self.config["CLOCK_PERIOD"])
        libraries = self.toolbox.filter_views(self.config, self.config["LIB"])
        return _SCRIPT.format(
            libraries=" ".join(map(str, libraries)),
            netlist=state_in[DesignFormat.NETLIST],
            top=self.config["DESIGN_NAME"],
            clock=self._clock(period),
            io_delay=float(self.config["IO_DELAY_CONSTRAINT"]) / 100 * period,
            load=float(self.config["OUTPUT_CAP_LOAD"]) / 1000,  # fF to pF
            wires=self._wires(state_in),
            out=Path(self.step_dir).absolute(),
        )

    def _clock(self, period: float) -> str:
        ports = clock_ports(self.config)
        if not ports:
            return f"create_clock -name clock -period {period}"
        create = f"create_clock -name clock -period {period} [get_ports {{{' '.join(ports)}}}]"
        return f"{create}\nset_propagated_clock [all_clocks]" if self.with_wires else create

    def _wires(self, state_in: State) -> str:
        spef = state_in.get(DesignFormat.SPEF) if self.with_wires else None
        return f"read_spef {next(iter(spef.values()))}" if spef else ""


def clock_ports(config: Any) -> list[str]:
    """Return the clock ports that a configuration names."""
    ports = config["CLOCK_PORT"]
    return [ports] if isinstance(ports, str) else list(ports or [])


def read_slacks(output: str) -> dict[str, float | int]:
    """Return LibreLane's timing metrics from OpenSTA's output; times in ns."""
    metrics: dict[str, float | int] = {}
    for kind in ("setup", "hold"):
        match = re.search(rf"^{kind}_ws: (\S+)", output, re.M)
        if match and (slack := _nanoseconds(match[1])) is not None:
            metrics[f"timing__{kind}__ws"] = slack
            metrics[f"timing__{kind}_vio__count"] = int(slack < 0)
    total = re.search(r"^tns (\S+)", output, re.M)
    if total and (value := _number(total[1])) is not None:
        metrics["timing__setup__tns"] = value
    return metrics


def _nanoseconds(text: str) -> float | None:
    """Read a slack, which some versions print in seconds; None when nothing is constrained."""
    value = _number(text)
    if value is None or abs(value) > 1e20:
        return None
    return round(value * 1e9 if abs(value) < 1e-6 else value, 5)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
