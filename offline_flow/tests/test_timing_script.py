import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from librelane_plugin_offline.database import FlowError
from librelane_plugin_offline.timing_script import (
    DONE,
    TimingProblem,
    quoted,
    read_metrics,
    unsigned,
)

ANSWER = f"""\
setup ws 6.835208148504324
setup tns 0.0
setup vio 0
hold ws -0.25
hold tns -1.5
hold vio 6
{DONE}
"""


def test_metrics_have_librelanes_names() -> None:
    assert read_metrics(ANSWER) == {
        "timing__setup__ws": 6.83521,
        "timing__setup__tns": 0.0,
        "timing__setup_vio__count": 0,
        "timing__hold__ws": -0.25,
        "timing__hold__tns": -1.5,
        "timing__hold_vio__count": 6,
    }


def test_no_path_is_no_slack() -> None:
    """OpenSTA answers 1e30 then; LibreLane could make nothing of that."""
    metrics = read_metrics(ANSWER.replace("6.835208148504324", "1.0000000150474662e+30"))
    assert "timing__setup__ws" not in metrics


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (ANSWER.replace(DONE, ""), "stopped before the end"),
        ("Error: x.tcl, 3 top is not a verilog module.\n" + ANSWER, "top is not a verilog module"),
        ("", "stopped before the end"),
    ],
)
def test_an_unfinished_analysis_is_an_error(output: str, words: str) -> None:
    with pytest.raises(FlowError, match=words):
        read_metrics(output)


@pytest.mark.parametrize("word", ["/a b/c", "x[3]", "a}{", "$env(HOME)", "[exit]", 'q"', "a;b\\"])
@pytest.mark.skipif(not shutil.which("sta"), reason="needs OpenSTA")
def test_tcl_takes_quoted_words_as_they_are(word: str, tmp_path: Path) -> None:
    script = tmp_path / "x.tcl"
    script.write_text(f"puts {quoted(word)}\nexit\n")
    done = subprocess.run(
        ["sta", "-no_splash", "-exit", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{word}\n"


LIBERTY = """\
library(tiny) {
  time_unit : "1ns"; capacitive_load_unit(1, pf); voltage_unit : "1V"; current_unit : "1mA";
  pulling_resistance_unit : "1kohm"; leakage_power_unit : "1nW"; delay_model : table_lookup;
  slew_lower_threshold_pct_rise : 20; slew_upper_threshold_pct_rise : 80;
  slew_lower_threshold_pct_fall : 20; slew_upper_threshold_pct_fall : 80;
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  nom_voltage : 1.8; nom_temperature : 25; nom_process : 1;
  cell(inv) {
    pin(A) { direction : input; capacitance : 0.01; }
    pin(Y) { direction : output; function : "!A";
      timing() { related_pin : "A"; timing_sense : negative_unate;
        cell_rise(scalar) { values("1.0"); } cell_fall(scalar) { values("1.0"); }
        rise_transition(scalar) { values("0.1"); } fall_transition(scalar) { values("0.1"); }
      }
    }
  }
}
"""
NETLIST = """\
module top (a, clk, y);
  input a, clk; output y;
  inv one (.A(a), .Y(mid)); inv two (.A(mid), .Y(y));
endmodule
"""


@pytest.fixture
def problem(tmp_path: Path) -> TimingProblem:
    """Two inverters of 1 ns each between an input and an output; no register."""
    folder = tmp_path / "run"
    folder.mkdir()
    library, netlist = folder / "tiny.lib", folder / "top.v"
    library.write_text(LIBERTY)
    netlist.write_text(NETLIST)
    return TimingProblem([library], netlist, "top", 10.0, 2.0, 0.01, folder)


def run(problem: TimingProblem) -> dict[str, float | int]:
    script = problem.out.parent / "x.tcl"
    script.write_text(problem.script())
    command = ["sta", "-no_splash", "-exit", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return read_metrics(done.stdout + done.stderr)


@pytest.mark.skipif(not shutil.which("sta"), reason="needs OpenSTA")
class TestWithOpenSta:
    def test_a_design_without_clock_has_a_virtual_one(self, problem: TimingProblem) -> None:
        metrics = run(problem)
        assert metrics["timing__setup__ws"] == pytest.approx(10 - 2 - 2 - 2)
        assert metrics["timing__hold__ws"] == pytest.approx(2 + 2 + 2)
        assert (problem.out / "max.rpt").stat().st_size > 0

    def test_a_clock_port_is_no_data_input(self, problem: TimingProblem) -> None:
        metrics = run(replace(problem, clocks=["clk"]))
        assert metrics["timing__setup__ws"] == pytest.approx(4)

    def test_a_late_path_is_counted(self, problem: TimingProblem) -> None:
        metrics = run(replace(problem, period=5.0))
        assert metrics["timing__setup__ws"] == pytest.approx(-1)
        assert metrics["timing__setup__tns"] == pytest.approx(-1)
        assert metrics["timing__setup_vio__count"] == 1
        assert metrics["timing__hold_vio__count"] == 0

    def test_a_clock_that_is_no_port_is_named(self, problem: TimingProblem) -> None:
        with pytest.raises(FlowError, match="CLOCK_PORT names tick"):
            run(replace(problem, clocks=["tick"]))

    def test_a_missing_netlist_is_told(self, problem: TimingProblem) -> None:
        with pytest.raises(FlowError, match="cannot read"):
            run(replace(problem, netlist=problem.out / "nowhere.v"))


SIGNED = """\
module top(x, y, \\signed );
  input signed [7:0] x;
  wire signed [7:0] x;
  output signed y;
  input \\signed ;
  assign y = x[0];
endmodule
"""


@pytest.mark.skipif(not shutil.which("sta"), reason="OpenSTA is not installed")
def test_signed_ports_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "top.v").write_text(unsigned(SIGNED))
    (tmp_path / "read.tcl").write_text(f"read_verilog {quoted(tmp_path / 'top.v')}\n")
    command = ["sta", "-no_splash", "-exit", str(tmp_path / "read.tcl")]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "rror" not in said.stdout + said.stderr
    assert unsigned(SIGNED).count("signed") == 2, "names stay"
