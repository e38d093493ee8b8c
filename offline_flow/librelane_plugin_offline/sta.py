"""Static timing analysis with OpenSTA: before and after place and route.

Constraints follow LibreLane's variables: the clock's port and period, delays of inputs and outputs
as a share of the period, the load of outputs. A design without a clock is measured against a
virtual one.
"""

from pathlib import Path
from typing import Any

from librelane.state import DesignFormat, State
from librelane.steps import Step, StepError

from librelane_plugin_offline.database import FlowError
from librelane_plugin_offline.timing_script import TimingProblem, read_metrics, unsigned


class TimingAnalysis(Step):  # type: ignore[misc]
    """A step that runs OpenSTA; subclasses say whether the wires are known."""

    inputs = [DesignFormat.NETLIST]
    outputs: list[Any] = []
    with_wires = False

    def run(self, state_in: State, **kwargs: Any) -> tuple[dict[Any, Any], dict[str, Any]]:
        """Write the script, run it, and read the slacks from its output."""
        kwargs, env = self.extract_env(kwargs)
        script = Path(self.step_dir) / "sta.tcl"
        script.write_text(self._problem(state_in).script())
        self.run_subprocess(["sta", "-no_splash", "-exit", str(script)], env=env, check=False)
        try:
            return {}, read_metrics(Path(self.get_log_path()).read_text())
        except FlowError as error:
            raise StepError(str(error)) from None

    def _netlist(self, state_in: State) -> Path:
        """Return a netlist that OpenSTA can read."""
        path = Path(state_in[DesignFormat.NETLIST])
        text = path.read_text()
        plain = unsigned(text)
        if plain != text:
            path = Path(self.step_dir).absolute() / "netlist.v"
            path.write_text(plain)
        return path

    def _problem(self, state_in: State) -> TimingProblem:
        config, period = self.config, float(self.config["CLOCK_PERIOD"])
        libraries = self.toolbox.filter_views(config, config["LIB"])
        spef = state_in.get(DesignFormat.SPEF) if self.with_wires else None
        return TimingProblem(
            libraries=[Path(library) for library in libraries],
            netlist=self._netlist(state_in),
            top=config["DESIGN_NAME"],
            period=period,
            io_delay=float(config["IO_DELAY_CONSTRAINT"]) / 100 * period,
            load=float(config["OUTPUT_CAP_LOAD"]) / 1000,  # fF to pF
            out=Path(self.step_dir).absolute(),
            clocks=clock_ports(config),
            spef=Path(next(iter(spef.values()))) if spef else None,
        )


def clock_ports(config: Any) -> list[str]:
    """Return the clock ports that a configuration names."""
    ports = config["CLOCK_PORT"]
    return [ports] if isinstance(ports, str) else list(ports or [])
