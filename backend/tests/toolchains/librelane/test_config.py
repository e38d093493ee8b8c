import json
from pathlib import Path
from typing import Any

import pytest

from app.toolchains.base import BadInputError
from app.toolchains.librelane.config import complete, validate
from tests.toolchains.conftest import MakeWorkdir

PATHS = ["src/spm.v", "src/top.sv", "src/impl.sdc", "tb/tb_spm.v", "spm_tb.v", "test/x.v"]


def _complete(make_workdir: MakeWorkdir, files: dict[str, str], **config: Any) -> dict[str, Any]:
    workdir = make_workdir(files)
    return complete(validate(config, list(files)), workdir, list(files))


def test_plain_body() -> None:
    config = validate({"DESIGN_NAME": "spm", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10}, PATHS)
    assert config == {
        "flow": "Offline",
        "config_file": None,
        "variables": {"DESIGN_NAME": "spm", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10},
    }


def test_all_ways_to_say_it_are_one() -> None:
    plain = validate({"DESIGN_NAME": "spm", "CLOCK_PERIOD": 10}, PATHS)
    assert validate({"design_name": "spm", "variables": {"CLOCK_PERIOD": 10}}, PATHS) == plain


def test_validating_twice_changes_nothing() -> None:
    once = validate({"DESIGN_NAME": "spm", "VERILOG_FILES": ["src/spm.v"]}, PATHS)
    assert validate(once, PATHS) == once


def test_files_of_the_project_are_named_for_librelane() -> None:
    given = {"DESIGN_NAME": "spm", "VERILOG_FILES": ["src/spm.v"], "PNR_SDC_FILE": "./src/impl.sdc"}
    variables = validate(given, PATHS)["variables"]
    assert variables["VERILOG_FILES"] == ["dir::src/spm.v"]
    assert variables["PNR_SDC_FILE"] == "dir::src/impl.sdc"


def test_test_benches_are_not_built(make_workdir: MakeWorkdir) -> None:
    config = _complete(make_workdir, dict.fromkeys(PATHS, ""), DESIGN_NAME="spm")
    assert config["VERILOG_FILES"] == ["dir::src/spm.v", "dir::src/top.sv"]


def test_request_overrides_the_projects_file(make_workdir: MakeWorkdir) -> None:
    text = (
        '{"//": "notes", "meta": {"version": 2, "flow": "Classic"}, "DESIGN_NAME": "spm",'
        ' "CLOCK_PERIOD": 20, "VERILOG_FILES": "dir::*.v",'
        ' "pdk::sky130*": {"CLOCK_PERIOD": 30, "FP_CORE_UTIL": 45}}'
    )
    config = _complete(make_workdir, {"config.json": text, "spm.v": ""}, CLOCK_PERIOD=10)
    assert config == {
        "meta": {"version": 2, "flow": "Offline"},
        "DESIGN_NAME": "spm",
        "CLOCK_PERIOD": 10,
        "VERILOG_FILES": "dir::*.v",
        "pdk::sky130*": {"FP_CORE_UTIL": 45},
    }


def test_yaml(make_workdir: MakeWorkdir) -> None:
    files = {"config.yaml": "DESIGN_NAME: spm\nVERILOG_FILES: spm.v\n", "spm.v": ""}
    config = _complete(make_workdir, files)
    assert (config["DESIGN_NAME"], config["VERILOG_FILES"]) == ("spm", "dir::spm.v")


def test_config_file_of_another_name(make_workdir: MakeWorkdir) -> None:
    files = {"fast/build.json": '{"DESIGN_NAME": "spm"}', "spm.v": ""}
    assert _complete(make_workdir, files, config_file="fast/build.json")["DESIGN_NAME"] == "spm"


@pytest.mark.parametrize(
    ("config", "field", "words"),
    [
        ({}, "config.DESIGN_NAME", "Name the top module"),
        ({"DESIGN_NAME": "a b"}, "config.DESIGN_NAME", "not a module's name"),
        ({"design_nam": "x"}, "config.design_nam", "Did you mean 'design_name'"),
        ({"flow": "Classic"}, "config.flow", "no flow 'Classic'"),
        ({"config_file": "src/spm.v"}, "config.config_file", "JSON or YAML"),
        ({"config_file": "config.tcl"}, "config.config_file", "no file"),
        ({"variables": 1}, "config.variables", "mapping"),
        ({"variables": {"x": 1}}, "config.x", "not the name of a LibreLane variable"),
        ({"VERILOG_FILES": ["/etc/passwd"]}, "config.VERILOG_FILES", "absolute"),
        ({"VERILOG_FILES": "dir::../x.v"}, "config.VERILOG_FILES", "leaves the project"),
        ({"VERILOG_FILES": "dir::/etc/x.v"}, "config.VERILOG_FILES", "absolute"),
        ({"EXTRA_GDS": {"a": ["a/../../b"]}}, "config.EXTRA_GDS.a", "leaves the project"),
        ({"CLOCK_PERIOD": "expr::1+1"}, "config.CLOCK_PERIOD", "expr::"),
        ({"CLOCK_PERIOD": "ref::$X"}, "config.CLOCK_PERIOD", "ref::"),
        ({"EXTRA_LEFS": "pdk_dir::x"}, "config.EXTRA_LEFS", "pdk_dir::"),
        ({"CLOCK_PORT": "[exec id]\x00"}, "config.CLOCK_PORT", "Tcl"),
        ({"CLOCK_PORT": "$clk"}, "config.CLOCK_PORT", "Tcl"),
        ({"PDN_CFG": "dir::pdn.tcl"}, "config.PDN_CFG", "script"),
        ({"KLAYOUT_DRC_RUNSET": "x"}, "config.KLAYOUT_DRC_RUNSET", "script"),
        ({"SYNTH_LATCH_MAP": "x"}, "config.SYNTH_LATCH_MAP", "script"),
        ({"pdk::sky130A": {"PDN_CFG": "x"}}, "config.pdk::sky130A.PDN_CFG", "script"),
        ({"PDK": "gf180"}, "config.PDK", "set by a6hub"),
        ({"FP_PDN_CFG": "dir::pdn.tcl"}, "config.FP_PDN_CFG", "script"),
        ({"TRISTATE_BUFFER_MAP": "x.v"}, "config.TRISTATE_BUFFER_MAP", "script"),
        ({"MAGICRC": "dir::x"}, "config.MAGICRC", "script"),
        ({"NETGEN_SETUP": "dir::x"}, "config.NETGEN_SETUP", "script"),
        ({"FP_TRACKS_INFO": "dir::x"}, "config.FP_TRACKS_INFO", "script"),
        ({"LINTER_VLT": "dir::x.vlt"}, "config.LINTER_VLT", "script"),
        ({"SLANG_ARGUMENTS": ["-I/etc"]}, "config.SLANG_ARGUMENTS", "command line"),
        ({"GHDL_ARGUMENTS": ["x"]}, "config.GHDL_ARGUMENTS", "command line"),
        ({"KLAYOUT_DRC_DEFINES": {"a": "b"}}, "config.KLAYOUT_DRC_DEFINES", "command line"),
        ({"EXTRA_LEFS": "src/a.lef /etc/x"}, "config.EXTRA_LEFS", "absolute"),
        ({"EXTRA_LEFS": "src/a.lef,../x.lef"}, "config.EXTRA_LEFS", "leaves the project"),
        ({"EXTRA_LEFS": "dir::a.lef dir::/../x"}, "config.EXTRA_LEFS", "absolute"),
        ({"LIB": "nom '/etc/x'"}, "config.LIB", "absolute"),
        ({"LIB": {"*": "~/x.lib"}}, "config.LIB.*", "absolute"),
        ({"MACROS": {"m": {"gds": ["/x"], "lef": []}}}, "config.MACROS.m.gds", "absolute"),
        ({"VERILOG_INCLUDE_DIRS": ["/usr/include"]}, "config.VERILOG_INCLUDE_DIRS", "absolute"),
        ({"IO_PIN_ORDER_CFG": "refg::$X/a"}, "config.IO_PIN_ORDER_CFG", "refg::"),
        ({"CLOCK_PORT": "clk;exit"}, "config.CLOCK_PORT", "Tcl"),
        ({"CLOCK_PORT": "clk\nexit"}, "config.CLOCK_PORT", "Tcl"),
        ({"CLOCK_PORT": "[exit]"}, "config.CLOCK_PORT", "Tcl"),
        ({"CLOCK_PORT": ["clk", "a=b"]}, "config.CLOCK_PORT", "not a name"),
        ({"CLOCK_PORT": "-all"}, "config.CLOCK_PORT", "not a name"),
        ({"VDD_NETS": ["a", "{b}"]}, "config.VDD_NETS", "not a name"),
        ({"STD_CELL_LIBRARY": "-x"}, "config.STD_CELL_LIBRARY", "not a name"),
        ({"STD_CELL_LIBRARY": "a/../.."}, "config.STD_CELL_LIBRARY", "leaves the project"),
        ({"VERILOG_DEFINES": ["X; exec -- id"]}, "config.VERILOG_DEFINES", "Tcl"),
        ({"VERILOG_DEFINES": ["X\n!id"]}, "config.VERILOG_DEFINES", "Tcl"),
        ({"VERILOG_DEFINES": ["-I x"]}, "config.VERILOG_DEFINES", "NAME=value"),
        ({"LINTER_DEFINES": ["A B"]}, "config.LINTER_DEFINES", "NAME=value"),
        ({"SYNTH_DEFINES": ["1A"]}, "config.SYNTH_DEFINES", "NAME=value"),
        ({"SYNTH_PARAMETERS": ["=1"]}, "config.SYNTH_PARAMETERS", "NAME=value"),
        ({"LINTER_DISABLE_WARNINGS": ["X\nlint_off"]}, "config.LINTER_DISABLE_WARNINGS", "Tcl"),
        ({"meta": {"version": 2}}, "config.meta", "no such setting"),
        ({"config_file": "../x.json"}, "config.config_file", "leave the project"),
        ({"X": [[[[[[[[[[1]]]]]]]]]]}, "config.X", "too large"),
    ],
)
def test_refused(config: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(BadInputError) as refused:
        validate(config, PATHS)
    assert (refused.value.field, words in refused.value.message) == (field, True)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("config.json", "{", "cannot be read"),
        ("config.json", "[]", "mapping"),
        ("config.json", '{"DESIGN_NAME": "a", "meta": {"substituting_steps": {}}}', "meta"),
        ("config.json", '{"DESIGN_NAME": "a", "PDN_CFG": "dir::x.tcl"}', "script"),
        ("config.json", "{}", "None is not a module's name"),
        ("config.yaml", "a: &x [1]\nb: *x\n", "aliases"),
        ("config.yaml", "DESIGN_NAME: !!python/object:os.system x\n", "cannot be read"),
        ("config.yaml", "DESIGN_NAME: a\nCLOCK_PERIOD: 2020-01-01\n", "date"),
    ],
)
def test_project_file_refused(make_workdir: MakeWorkdir, name: str, text: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        _complete(make_workdir, {name: text, "a.v": ""})


def test_nothing_to_build(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="not a test bench"):
        complete(validate({"DESIGN_NAME": "a"}, ["a_tb.v"]), tmp_path, ["a_tb.v"])


def test_what_designs_need_is_taken() -> None:
    given = {
        "CLOCK_PORT": ["clk", "u_pll.clk_out", "bus[3]"],
        "VDD_NETS": ["vccd1"],
        "VERILOG_DEFINES": ["FAST", "WIDTH=8'hff", 'FILE="rom.hex"'],
        "SYNTH_PARAMETERS": ["N=4"],
        "PDN_MACRO_CONNECTIONS": ["u_mem vccd1 vssd1 vccd1 vssd1"],
        "MACROS": {"m": {"gds": ["dir::m.gds"], "instances": {"gen\\[0\\].m": {}}}},
        "SYNTH_STRATEGY": "AREA 0",
        "EXTRA_LEFS": "dir::lef/*.lef",
        "PNR_SDC_FILE": "dir::src/impl.sdc",
        "FP_PIN_ORDER_CFG": "dir::pins.cfg",
        "LINTER_DISABLE_WARNINGS": ["DECLFILENAME"],
        "CTS_CLK_BUFFERS": ["sky130_fd_sc_hd__clkbuf_4"],
        "DIODE_CELL": "sky130_fd_sc_hd__diode_2/DIODE",
        "pdk::sky130*": {"scl::sky130_fd_sc_hd": {"CLOCK_PERIOD": 10}},
    }
    variables = validate({"DESIGN_NAME": "top", **given}, PATHS)["variables"]
    assert variables == {"DESIGN_NAME": "top", **given}


@pytest.mark.parametrize("name", ["config.tcl", "src/hooks.py", "a.sh"])
def test_a_config_that_is_a_program_is_refused(name: str) -> None:
    with pytest.raises(BadInputError, match="JSON or YAML"):
        validate({"DESIGN_NAME": "a", "config_file": name}, [name, "a.v"])


def test_a_program_beside_the_design_is_not_a_config() -> None:
    config = validate({"DESIGN_NAME": "a"}, ["config.tcl", "config.py", "a.v"])
    assert config["config_file"] is None


def test_the_designs_of_the_offline_flow_are_taken() -> None:
    configs = list((Path(__file__).parents[4] / "offline_flow" / "designs").glob("*/config.json"))
    assert len(configs) >= 2
    for path in configs:
        assert validate(json.loads(path.read_text()), PATHS)["variables"]["DESIGN_NAME"]
