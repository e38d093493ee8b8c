"""Simulations with the real tools."""

import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.executors.base import Executor
from app.toolchains.base import BadInputError, ToolCommand, ToolResult, Verdict
from app.toolchains.icarus import Icarus, IcarusRun
from app.toolchains.icarus_result import SimulationLog
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_job

pytestmark = pytest.mark.usefixtures("iverilog")

RUN = ToolCommand("run", "Run", ())


def _bench(body: str) -> str:
    return f"`timescale 1ns/1ps\nmodule tb;\ninitial begin\n{body}\nend\nendmodule\n"


@pytest.fixture
def simulate(executor: Executor, make_workdir: MakeWorkdir) -> "Simulate":
    return Simulate(executor, make_workdir)


class Simulate:
    def __init__(self, executor: Executor, make_workdir: MakeWorkdir) -> None:
        self._executor = executor
        self._make_workdir = make_workdir

    def __call__(self, files: dict[str, str], **config: object) -> ToolResult:
        self.workdir = self._make_workdir(files)
        result, self.output = run_job(Icarus(), self._executor, self.workdir, config)
        return result

    def collect(self) -> ToolResult:
        """Read the result again."""
        config = Icarus().validate({}, ["tb.v"])
        return IcarusRun(config, self.workdir).collect(RUN, 0)


def _names(result: ToolResult) -> dict[str, str]:
    return {file.name: file.kind for file in result.files}


def test_pass(simulate: Simulate) -> None:
    result = simulate({"tb.v": _bench('$display("hello"); #5 $finish;')})
    assert (result.ok, result.verdict, result.reason) == (True, Verdict.PASSED, None)
    assert "hello\n" in simulate.output
    assert _names(result) == {"run/compile.log": "log"}


def test_bench_without_finish(simulate: Simulate) -> None:
    assert simulate({"tb.v": _bench("#5;")}).ok


def test_stop_does_not_wait_at_a_prompt(simulate: Simulate) -> None:
    assert simulate({"tb.v": _bench("$stop;")}).ok


def test_error(simulate: Simulate) -> None:
    result = simulate(
        {"tb.v": _bench('$error("q is %d", 3); $error("b"); $warning("w"); $finish;')}
    )
    assert (result.ok, result.verdict, result.reason) == (False, Verdict.FAILED, "tool_failed")
    assert result.message.startswith("The simulation reported 2 errors; the first: tb.v:4: q is")
    assert result.metrics == {"simulation__errors": 2, "simulation__warnings": 1}


def test_error_amid_much_output(simulate: Simulate) -> None:
    body = 'integer i; for (i = 0; i < 99999; i = i + 1) begin $display("line %d of many", i); '
    result = simulate(
        {
            "tb.v": _bench(body + 'if (i == 50000) $error("here"); end $finish;').replace(
                "initial begin", "initial begin : all"
            )
        }
    )
    assert result.message.endswith("the first: tb.v:4: here")
    assert "line       99998 of many" in simulate.output


def test_the_word_error_in_output_is_no_error(simulate: Simulate) -> None:
    assert simulate({"tb.v": _bench('$display("ERROR: none so far"); $finish;')}).ok


def test_fatal(simulate: Simulate) -> None:
    result = simulate({"tb.v": _bench('$fatal(1, "no reset");')})
    assert result.message == "The simulation ended with $fatal: tb.v:4: no reset"


def test_syntax_error(simulate: Simulate) -> None:
    result = simulate({"tb.v": "module tb;\n  wire w = ;\nendmodule\n"})
    assert not result.ok
    assert result.message.startswith("The design does not compile: tb.v:2: syntax error")
    assert "tb.v:2: syntax error" in simulate.output
    assert _names(result) == {"run/compile.log": "log"}


def test_missing_module(simulate: Simulate) -> None:
    result = simulate({"tb.v": "module tb; dut u(); endmodule\n"})
    assert "Unknown module type: dut" in result.message


def test_no_top(simulate: Simulate) -> None:
    assert "Name the testbench in `top`" in simulate({"tb.v": "// nothing\n"}).message


def test_wrong_top(simulate: Simulate) -> None:
    assert '"other"' in simulate({"tb.v": _bench("")}, top="other").message


def test_files_of_the_project(simulate: Simulate) -> None:
    files = {
        "tb/tb.v": '`include "widths.vh"\n'
        + _bench(
            'reg [`WIDTH-1:0] memory [0:1]; $readmemh("data/rom.hex", memory);'
            ' if (memory[1] !== 8\'hab) $fatal(1, "got %h", memory[1]); $finish;'
        ).replace("initial begin", "dut u(); initial begin : all"),
        "rtl/dut.v": "module dut; endmodule\n",
        "include/widths.vh": "`define WIDTH 8\n",
        "data/rom.hex": "01\nab\n",
    }
    result = simulate(files, top="tb")
    assert result.ok, result.message


def test_what_the_design_writes_is_kept(simulate: Simulate) -> None:
    body = (
        'integer f; $dumpfile("waves.vcd"); $dumpvars; f = $fopen("out/result.txt", "w");'
        ' $fdisplay(f, "42"); $fclose(f); #5 $finish;'
    )
    bench = _bench(body).replace("initial begin", "reg clk = 0; initial begin : all")
    result = simulate({"tb.v": bench, "out/keep": ""})
    kinds = _names(result)
    assert kinds["waves.vcd"] == "waveform"
    assert kinds["out/result.txt"] == "other"
    assert "tb.v" not in kinds
    assert "out/keep" not in kinds


def test_options_reach_the_tools(simulate: Simulate) -> None:
    bench = (
        "module tb; integer n; initial begin\n"
        'if (!$value$plusargs("n=%d", n)) n = 0;\n'
        '$display("%0d %0d %0d", n, `WIDTH, `FAST); #1 $display("%t", $realtime); end endmodule\n'
    )
    given = {"WIDTH": "8 + 1", "FAST": True}
    result = simulate({"tb.v": bench}, plusargs=["n=7"], defines=given, timescale="1ns / 1ps")
    assert result.ok
    assert "7 9 1\n" in simulate.output
    assert "1000\n" in simulate.output


def test_what_is_no_plain_file_is_not_kept(simulate: Simulate) -> None:
    """Made here, as a hostile program would have, between the run and the reading."""
    simulate({"tb.v": _bench("")})
    source = simulate.workdir / "source"
    (source / "link").symlink_to("/etc/passwd")
    (source / "folder").symlink_to("/etc")
    os.mkfifo(source / "fifo.vcd")
    (source / "twice").write_text("x")
    (source / "again").hardlink_to(source / "twice")
    result = simulate.collect()
    assert _names(result) == {"run/compile.log": "log"}


def test_run_folder_that_is_a_link_is_not_read(simulate: Simulate, tmp_path: Path) -> None:
    simulate({"tb.v": _bench("")})
    (simulate.workdir / "run").rename(tmp_path / "elsewhere")
    (simulate.workdir / "run").symlink_to(tmp_path / "elsewhere")
    assert not [name for name in _names(simulate.collect()) if name.startswith("run/")]


def test_byte_order_mark(simulate: Simulate) -> None:
    with pytest.raises(BadInputError, match="byte order mark"):
        simulate({"tb.v": "\ufeff" + _bench("")})


def test_large_file_pointer(simulate: Simulate) -> None:
    with pytest.raises(BadInputError, match="git lfs pull"):
        simulate({"tb.v": "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"})


REPORTS = (
    b"begin\nERROR: tb.v:5: first\n       Time: 0 Scope: tb\nWARNING: tb.v:6: careful\n\n"
    b"ERROR: tb.v:7: " + b"y" * 500 + b"\nno ERROR: here.v:1: x\n"
    b"tb.v:9: $finish called at 5000 (1ps)\nFATAL: tb.v:8: the last\nERROR: tb.v:3: unended"
)


@given(st.lists(st.integers(0, len(REPORTS)), max_size=8))
def test_reports_are_found_however_the_output_is_cut(cuts: list[int]) -> None:
    log, begin = SimulationLog(), 0
    for cut in [*sorted(cuts), len(REPORTS)]:
        log(REPORTS[begin:cut])
        begin = cut
    log.close()
    log.close()
    assert (log.errors, log.warnings) == (4, 1)
    assert (log.first, log.fatal) == ("tb.v:5: first", "tb.v:8: the last")
    assert log.seconds == pytest.approx(5e-9)


def test_a_line_that_does_not_end_costs_no_memory() -> None:
    log, piece = SimulationLog(), b"ERROR: tb.v:1: " + b"z" * 60_000
    tracemalloc.start()
    try:
        for _ in range(500):
            log(piece)
        for _ in range(50_000):
            log(b"zz")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    log(b"\nERROR: tb.v:2: next\n")
    assert (log.errors, len(log.first)) == (2, 300)
