"""What OpenSTA is told to do, and reading what it answers. Times in ns, capacitance in pF.

`sta` goes on after most errors, and ends with status 0 after any: only its output tells.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from librelane_plugin_offline.database import FlowError

DONE = "timing analysis done"
#: More late paths than this are not counted.
_MOST_PATHS = 100_000
#: OpenSTA's slack where nothing is constrained is larger than any time.
_NOTHING = 1e20

_SCRIPT = """\
foreach library [list {libraries}] {{ read_liberty $library }}
read_verilog {netlist}
link_design {top}
set clock_ports [list {clocks}]
foreach port $clock_ports {{
    if {{[llength [get_ports -quiet $port]] != 1}} {{
        puts "Error: CLOCK_PORT names $port, which is no port of the design."
    }}
}}
create_clock -name clock -period {period}{on_ports}
{propagated}
set data_inputs {{}}
foreach port [all_inputs] {{
    if {{[lsearch -exact $clock_ports [get_full_name $port]] < 0}} {{ lappend data_inputs $port }}
}}
set_input_delay {io_delay} -clock clock $data_inputs
set_output_delay {io_delay} -clock clock [all_outputs]
set_load {load} [all_outputs]
{wires}
report_checks -path_delay max -fields {{slew cap input_pins}} -digits 4 > {out}/max.rpt
report_checks -path_delay min -fields {{slew cap input_pins}} -digits 4 > {out}/min.rpt
report_checks -unconstrained > {out}/unconstrained.rpt
foreach {{kind delay}} {{setup max hold min}} {{
    puts "$kind ws [worst_slack -$delay]"
    puts "$kind tns [total_negative_slack -$delay]"
    set late [find_timing_paths -path_delay $delay -group_count {most} -slack_max 0]
    puts "$kind vio [llength $late]"
}}
puts "{done}"
exit
"""


@dataclass(frozen=True)
class TimingProblem:
    """What is to be analysed. `spef` is None where the wires are not known yet."""

    libraries: list[Path]
    netlist: Path
    top: str
    period: float
    io_delay: float
    load: float
    out: Path
    clocks: list[str] = field(default_factory=list)
    spef: Path | None = None

    def script(self) -> str:
        """Return the Tcl script. Without clock ports there is a virtual clock."""
        on_ports = " [get_ports $clock_ports]" if self.clocks else ""
        known = self.spef is not None
        return _SCRIPT.format(
            libraries=" ".join(quoted(library) for library in self.libraries),
            netlist=quoted(self.netlist),
            top=quoted(self.top),
            clocks=" ".join(quoted(clock) for clock in self.clocks),
            period=self.period,
            on_ports=on_ports,
            propagated="set_propagated_clock [all_clocks]" if known and self.clocks else "",
            io_delay=self.io_delay,
            load=self.load,
            wires=f"read_spef {quoted(self.spef)}" if self.spef else "",
            out=quoted(self.out),
            most=_MOST_PATHS,
            done=DONE,
        )


def unsigned(netlist: str) -> str:
    """Return a netlist of Yosys's without 'signed', which OpenSTA does not read."""
    return re.sub(r"^(\s*(?:input|output|inout|wire)) signed\b", r"\1", netlist, flags=re.M)


def quoted(word: object) -> str:
    """Return a word that Tcl takes as it is."""
    return re.sub(r"([^\w/.:-])", r"\\\1", str(word))


def read_metrics(output: str) -> dict[str, float | int]:
    """Return LibreLane's timing metrics from OpenSTA's output; FlowError if it had an error."""
    errors = re.findall(r"^Error: (.*)$", output, re.M)
    if errors or DONE not in output:
        raise FlowError("\n".join(errors) or "OpenSTA stopped before the end; see its log.")
    metrics: dict[str, float | int] = {}
    for kind, what, text in re.findall(r"^(setup|hold) (ws|tns|vio) (\S+)$", output, re.M):
        if what == "vio":
            metrics[f"timing__{kind}_vio__count"] = int(text)
        elif abs(float(text)) < _NOTHING:
            metrics[f"timing__{kind}__{what}"] = round(float(text), 5)
    return metrics
