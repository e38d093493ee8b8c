"""`yosys` and `verilator` as LibreLane calls them."""

from pathlib import Path

from tools import run_tool


def test_yosys_tells_its_version() -> None:
    assert run_tool("yosys", "-V").startswith("Yosys 0.70")


def test_verilator_finds_its_own_files(tmp_path: Path) -> None:
    source = tmp_path / "a.v"
    source.write_text("module a(output y); assign y = 1'b1; endmodule\n")
    run_tool("verilator", "--lint-only", str(source))


def test_yosys_runs_a_script_with_its_arguments(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys, beside\nprint(beside.NAME, sys.argv[1:])\n")
    (tmp_path / "beside.py").write_text("NAME = 'found'\n")
    assert "found ['--flag', 'x y']" in run_tool(
        "yosys", "-y", str(script), "-Q", "--", "--flag", "x y"
    )


def test_yosys_runs_commands(tmp_path: Path) -> None:
    source, out = tmp_path / "a.v", tmp_path / "a.json"
    source.write_text("module a(output y); assign y = 1'b1; endmodule\n")
    run_tool("yosys", "-p", f"read_verilog {source}; write_json {out}")
    assert '"a"' in out.read_text()
