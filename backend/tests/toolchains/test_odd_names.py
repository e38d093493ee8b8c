"""Tools take every file name that projects take (as far as ASCII goes)."""

import threading

import pytest

from app.core.errors import InvalidError
from app.core.settings import Settings
from app.executors.base import Command, Executor, Limits
from app.projects.paths import check_path
from app.toolchains.icarus import Icarus
from app.toolchains.librelane.toolchain import LibreLane
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_job

ODD = "x !(),.=@^~+-_y"
TOP = "module top(input clk, input d, output reg q); always @(posedge clk) q <= d; endmodule\n"
BENCH = f"""`include "{ODD}.vh"
module tb; reg [7:0] memory [0:0]; wire q; top dut(1'b0, 1'b0, q);
initial begin $readmemh("{ODD}/{ODD}.hex", memory); $display("%0d %0d", memory[0], `WIDTH); end
endmodule
"""


def test_it_is_all_that_projects_take() -> None:
    printable = {chr(code) for code in range(0x20, 0x7F) if not chr(code).isalnum()}
    for character in printable - set(ODD) - {"/"}:
        with pytest.raises(InvalidError):
            check_path(f"x{character}y")
    assert check_path(f"{ODD}/{ODD}") == f"{ODD}/{ODD}"


@pytest.mark.usefixtures("iverilog")
def test_icarus(executor: Executor, make_workdir: MakeWorkdir) -> None:
    files = {
        f"rtl {ODD}/{ODD}.v": TOP,
        "größe 日本.v": BENCH,
        f"{ODD}.vh": "`define WIDTH 3\n",
        f"{ODD}/{ODD}.hex": "0a\n",
    }
    result, output = run_job(Icarus(), executor, make_workdir(files), {"top": "tb"})
    assert result.ok, result.message
    assert "10 3\n" in output


@pytest.mark.flow
def test_librelane_to_the_netlist(
    flow: Settings, confined: Executor, make_workdir: MakeWorkdir
) -> None:
    workdir = make_workdir({f"rtl {ODD}/{ODD} größe.v": TOP})
    toolchain = LibreLane(flow)
    config = {"DESIGN_NAME": "top", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10}
    complete = toolchain.validate(config, [f"rtl {ODD}/{ODD} größe.v"])
    [tool] = toolchain.prepare(complete, workdir).commands
    argv = (*tool.argv[:-1], "--to", "Yosys.Synthesis", tool.argv[-1])
    pieces: list[bytes] = []
    limits = Limits(wall_seconds=400)
    command = Command(argv, workdir, tool.env, limits, tool.mounts, start_in=tool.cwd)
    end = confined.run(command, pieces.append, threading.Event())
    assert end.ok, b"".join(pieces).decode()[-2000:]
    assert list((workdir / "run").rglob("top.nl.v"))
