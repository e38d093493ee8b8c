"""Verilog that reaches for the host. Each attack works where nothing confines it, and not in the
sandbox."""

import threading
from pathlib import Path

import pytest

from app.executors.base import Command, Executor, Limits, Outcome
from app.executors.process import ProcessExecutor
from app.toolchains.base import BadInputError, ToolResult
from app.toolchains.icarus import Icarus
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_job

pytestmark = pytest.mark.usefixtures("iverilog")

SECRET = "5ec2e7"
_BENCH = "module tb; integer f, n; reg [8*200:1] line; reg [23:0] memory [0:0];\n"
_PRINT = 'while (!$feof(f)) begin n = $fgets(line, f); $write("%0s", line); end\n'


def _bench(body: str) -> str:
    return f"{_BENCH}initial begin\n{body}\n$finish; end endmodule\n"


#: A test bench by what it tries; '@' is a folder of the host. SECRET in its output is a success, so
#: is a file 'out' in the folder.
ATTACKS = {
    "open a file of the host": _bench(
        'f = $fopen("@/secret.txt", "r"); if (f) begin ' + _PRINT + "end"
    ),
    "climb to a file of the host": _bench(
        'f = $fopen("../../../../../../../../../..@/secret.txt", "r"); if (f) begin '
        + _PRINT
        + "end"
    ),
    "read memory from the host": _bench(
        '$readmemh("@/secret.hex", memory); $display("%h", memory[0]);'
    ),
    "include a file of the host": '`include "@/secret.v"\n' + _bench("$display(`SECRET);"),
    "include by climbing": '`include "../../../../../../../../../..@/secret.v"\n'
    + _bench("$display(`SECRET);"),
    "a path in a plusarg": _bench(
        'if ($value$plusargs("path=%s", line)) begin f = $fopen(line, "r"); if (f) begin '
        + _PRINT
        + "end end"
    ),
    "write a file of the host": _bench('f = $fopen("@/out", "w"); $fdisplay(f, "x"); $fclose(f);'),
    "append to a file of the host": _bench('f = $fopen("@/out", "a"); $fdisplay(f, "x");'),
    "write by climbing": _bench(
        'f = $fopen("../../../../../../../../../..@/out", "w"); $fflush(f);'
    ),
    "dump waves to the host": _bench('$dumpfile("@/out"); $dumpvars; #1;'),
    "write memory to the host": _bench('memory[0] = 0; $writememh("@/out", memory);'),
}


def _run(
    executor: Executor, make_workdir: MakeWorkdir, bench: str, host: Path
) -> tuple[ToolResult, str]:
    (host / "secret.txt").write_text(f"it is {SECRET}\n")
    (host / "secret.hex").write_text(f"{SECRET}\n")
    (host / "secret.v").write_text(f'`define SECRET "{SECRET}"\n')
    for file in host.iterdir():
        file.chmod(0o644)
    workdir = make_workdir({"tb.v": bench.replace("@", str(host))})
    return run_job(Icarus(), executor, workdir, {"plusargs": [f"path={host}/secret.txt"]})


def _written(host: Path) -> bool:
    return any(host.glob("out*"))


@pytest.mark.parametrize("name", ATTACKS)
def test_the_attack_is_real(name: str, make_workdir: MakeWorkdir, host_folder: Path) -> None:
    _, output = _run(ProcessExecutor(), make_workdir, ATTACKS[name], host_folder)
    assert SECRET in output or _written(host_folder)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_sandbox_stops(
    name: str, confined: Executor, make_workdir: MakeWorkdir, host_folder: Path
) -> None:
    _, output = _run(confined, make_workdir, ATTACKS[name], host_folder)
    assert SECRET not in output
    assert not _written(host_folder)


@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/1/environ", "/proc/1/cmdline"])
def test_no_secret_of_the_worker_is_in_proc(
    path: str, confined: Executor, make_workdir: MakeWorkdir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A6HUB_DATABASE_URL", f"postgresql://a6hub:{SECRET}@db/a6hub")
    read = f'f = $fopen("{path}", "r"); if (f) begin ' + _PRINT.replace("%0s", "%s") + "end"
    workdir = make_workdir({"tb.v": _bench(read + ' $display("done");')})
    result, output = run_job(Icarus(), confined, workdir, {})
    assert "done" in output, result.message
    assert SECRET not in output


def test_there_is_no_system_task(confined: Executor, make_workdir: MakeWorkdir) -> None:
    workdir = make_workdir({"tb.v": _bench('$system("echo own > ../run/owned");')})
    result, _ = run_job(Icarus(), confined, workdir, {})
    assert not result.ok
    assert not (workdir / "run" / "owned").exists()


@pytest.mark.parametrize("name", ["system.vpi", "v2005_math.vpi", "vhdl_sys.vpi"])
def test_a_module_of_the_project_is_not_loaded_for_the_simulators_own(
    name: str, confined: Executor, make_workdir: MakeWorkdir
) -> None:
    workdir = make_workdir({"tb.v": _bench('$display("well");'), name: "not a library"})
    result, output = run_job(Icarus(), confined, workdir, {})
    assert result.ok, result.message
    assert "well" in output


@pytest.mark.parametrize(
    "config",
    [
        {"files": ["-mevil"]},
        {"files": ["@args"]},
        {"top": "tb -m evil"},
        {"include_dirs": ["/etc"]},
        {"defines": {"A": '"; $system'}},
        {"options": ["-m", "evil"]},
        {"vpi": ["evil.vpi"]},
    ],
)
def test_no_word_reaches_the_tools_as_an_option(config: dict[str, object]) -> None:
    with pytest.raises(BadInputError) as refused:
        Icarus().validate(config, ["tb.v", "-mevil", "@args"])
    assert refused.value.field.startswith("config.")


def test_a_plusarg_is_no_option() -> None:
    assert Icarus().validate({"plusargs": ["-M."]}, ["tb.v"])["plusargs"] == ["+-M."]


def test_a_design_that_never_ends_is_ended(confined: Executor, make_workdir: MakeWorkdir) -> None:
    workdir = make_workdir({"tb.v": _bench("forever n = 1;")})
    compile_, run = Icarus().prepare(Icarus().validate({}, ["tb.v"]), workdir).commands
    limits = Limits(wall_seconds=30, grace_seconds=0.1)
    for tool in (compile_, run):
        limits = Limits(wall_seconds=1, grace_seconds=0.1) if tool is run else limits
        command = Command(tool.argv, workdir, {}, limits, start_in=tool.cwd)
        end = confined.run(command, lambda _: None, threading.Event())
    assert end.outcome is Outcome.TIMED_OUT
