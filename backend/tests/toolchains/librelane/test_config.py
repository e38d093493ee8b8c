import json
from pathlib import Path
from typing import Any

import pytest

from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import load_catalog
from app.toolchains.librelane.config import complete, validate
from tests.toolchains.librelane.catalogs import CATALOG, as_text

PATHS = ["src/spm.v", "src/top.sv", "src/impl.sdc", "tb/tb_spm.v", "spm_tb.v", "test/x.v"]


def _complete(files: dict[str, str], **config: Any) -> dict[str, Any]:
    return complete(validate(config, list(files)), list(files), lambda name: files[name].encode())


def test_plain_body() -> None:
    config = validate({"DESIGN_NAME": "spm", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10}, PATHS)
    assert config == {
        "flow": "Offline",
        "preset": None,
        "pdk": None,
        "pdk_version": None,
        "config_file": None,
        "variables": {"DESIGN_NAME": "spm", "CLOCK_PORT": "clk", "CLOCK_PERIOD": 10},
        "from": None,
        "to": None,
        "keep": "final",
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


def test_test_benches_are_not_built() -> None:
    config = _complete(dict.fromkeys(PATHS, ""), DESIGN_NAME="spm")
    assert config["VERILOG_FILES"] == ["dir::src/spm.v", "dir::src/top.sv"]


def test_request_overrides_the_projects_file() -> None:
    text = (
        '{"//": "notes", "meta": {"version": 2, "flow": "Classic"}, "DESIGN_NAME": "spm",'
        ' "CLOCK_PERIOD": 20, "VERILOG_FILES": "dir::*.v",'
        ' "pdk::sky130*": {"CLOCK_PERIOD": 30, "FP_CORE_UTIL": 45}}'
    )
    config = _complete({"config.json": text, "spm.v": ""}, CLOCK_PERIOD=10)
    assert config == {
        "meta": {"version": 2, "flow": "Offline"},
        "DESIGN_NAME": "spm",
        "CLOCK_PERIOD": 10,
        "VERILOG_FILES": "dir::*.v",
        "pdk::sky130*": {"FP_CORE_UTIL": 45},
    }


def test_yaml() -> None:
    files = {"config.yaml": "DESIGN_NAME: spm\nVERILOG_FILES: spm.v\n", "spm.v": ""}
    config = _complete(files)
    assert (config["DESIGN_NAME"], config["VERILOG_FILES"]) == ("spm", "dir::spm.v")


def test_config_file_of_another_name() -> None:
    files = {"fast/build.json": '{"DESIGN_NAME": "spm"}', "spm.v": ""}
    assert _complete(files, config_file="fast/build.json")["DESIGN_NAME"] == "spm"


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
        ({"CLOCK_PERIOD": "expr::1; exit"}, "config.CLOCK_PERIOD", "no expression"),
        ({"CLOCK_PERIOD": "expr::"}, "config.CLOCK_PERIOD", "no expression"),
        ({"CLOCK_PERIOD": "ref::X"}, "config.CLOCK_PERIOD", "refers to nothing"),
        ({"EXTRA_LEFS": "ref::$X/../a.lef"}, "config.EXTRA_LEFS", "refers to nothing"),
        ({"EXTRA_LEFS": "ref::$X/a.lef"}, "config.EXTRA_LEFS", "refers to nothing"),
        ({"EXTRA_LEFS": "refg::$PDKPATH/../x"}, "config.EXTRA_LEFS", "leaves the project"),
        ({"DESIGN_NAME": "spm", "EXTRA_LEFS": "refg::$X"}, "config.EXTRA_LEFS", "$X is not set"),
        ({"EXTRA_LEFS": "refg::$DESIGN_DIR//etc/x"}, "config.EXTRA_LEFS", "absolute"),
        ({"EXTRA_LEFS": "refg::$DESIGN_DIR/a /etc/x"}, "config.EXTRA_LEFS", "absolute"),
        ({"EXTRA_LEFS": "refg::$DESIGN_DIR/$X"}, "config.EXTRA_LEFS", "Tcl"),
        ({"EXTRA_LEFS": "a.lef refg::$DESIGN_DIR/b"}, "config.EXTRA_LEFS", "Tcl"),
        ({"EXTRA_LEFS": "pdk_dir::../x"}, "config.EXTRA_LEFS", "leaves the project"),
        ({"EXTRA_LEFS": "pdk_dir::/etc/x"}, "config.EXTRA_LEFS", "absolute"),
        ({"CLOCK_PORT": "ref::$SYNTH_STRATEGY"}, "config.CLOCK_PORT", "not a name"),
        ({"CLOCK_PORT": "expr::1"}, "config.CLOCK_PORT", "not a name"),
        ({"CLOCK_PORT": "pdk_dir::libs.ref"}, "config.CLOCK_PORT", "not a name"),
        (
            {
                "DESIGN_NAME": "spm",
                "CLOCK_PERIOD": "expr::$FP_ASPECT_RATIO * 2",
                "FP_ASPECT_RATIO": "expr::$CLOCK_PERIOD * 2",
            },
            "config.CLOCK_PERIOD",
            "$FP_ASPECT_RATIO is set below it",
        ),
        ({"DESIGN_NAME": "ref::$CLOCK_PORT"}, "config.DESIGN_NAME", "not a module"),
        ({"VERILOG_DEFINES": ["ref::$CLOCK_PORT"]}, "config.VERILOG_DEFINES", "NAME=value"),
        ({"PDN_CFG": "pdk_dir::x.tcl"}, "config.PDN_CFG", "script"),
        (
            {"DESIGN_NAME": "spm", "CLOCK_NET": "ref::$CLOCK_PORT"},
            "config.CLOCK_NET",
            "$CLOCK_PORT is not set",
        ),
        (
            {"DESIGN_NAME": "spm", "pdk::sky130*": {"CLOCK_PERIOD": "expr::$X * 2"}},
            "config.pdk::sky130*.CLOCK_PERIOD",
            "$X is not set",
        ),
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
        ({"IO_PIN_ORDER_CFG": "refg::$X/a"}, "config.IO_PIN_ORDER_CFG", "refers to nothing"),
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
        ("config.json", '{"DESIGN_NAME": "a", "meta": {"step": "X.Y"}}', "meta"),
        ("config.json", '{"DESIGN_NAME": "a", "meta": {"substituting_steps": 1}}', "mapping"),
        ("config.json", '{"DESIGN_NAME": "a", "meta": {"substituting_steps": {"a/": 1}}}', "map"),
        ("config.json", '{"DESIGN_NAME": "a", "PDN_CFG": "dir::x.tcl"}', "script"),
        ("config.json", "{}", "add DESIGN_NAME to config.json"),
        ("config.json", '{"DESIGN_NAME": 3}', "'3' is not a name"),
        ("config.json", "[" * 100_000, "cannot be read"),
        ("config.json", '{"DESIGN_NAME": ' + "[" * 900 + "]" * 900 + "}", "nested"),
        ("config.json", '{"DESIGN_NAME": "' + "x" * (1 << 20) + '"}', "more than 1048576 bytes"),
        ("config.json", '{"DESIGN_NAME": "a", "CLOCK_PERIOD": NaN}', "NaN is no number"),
        ("config.json", '{"DESIGN_NAME": "a", "CLOCK_PERIOD": 1e999}', "inf is no number"),
        ("config.json", '{"DESIGN_NAME": "\\ud800"}', "surrogate"),
        ("config.json", '{"DESIGN_NAME": "a", "\\ud800": 1}', "not the name"),
        ("config.json", '{"DESIGN_NAME": "a", "X": "\\ud800"}', "surrogate"),
        ("config.json", '{"DESIGN_NAME": "a", "meta": {"version": 3}}', "1 or 2"),
        (
            "config.json",
            '{"DESIGN_NAME": "a", "meta": {"flow": ["Yosys.Synthesis"]}}',
            "list of steps",
        ),
        ("config.yaml", "[" * 60_000, "nested"),
        ("config.yaml", "- " * 30_000, "nested"),
        ("config.yaml", "DESIGN_NAME: a\nX: " + "x" * (64 << 10), "more than 65536 bytes"),
        ("config.yaml", "DESIGN_NAME: a\nX: 0x" + "f" * 9000, "number is too large"),
        ("config.yaml", "DESIGN_NAME: a\nX: " + "9" * 9000, "cannot be read"),
        ("config.yaml", "DESIGN_NAME: a\nX: !!binary aGk=\n", "bytes is no value"),
        ("config.yaml", "DESIGN_NAME: a\nX: .nan\n", "nan is no number"),
        ("config.yaml", "DESIGN_NAME: a\n? [1]\n: 2\n", "cannot be read|not the name"),
        ("config.yaml", 'DESIGN_NAME: "\\ud800"\n', "surrogate|cannot be read"),
        ("config.yaml", "a: &x [1]\nb: *x\n", "aliases"),
        ("config.yaml", "DESIGN_NAME: !!python/object:os.system x\n", "cannot be read"),
        ("config.yaml", "DESIGN_NAME: a\nCLOCK_PERIOD: 2020-01-01\n", "date"),
    ],
)
def test_project_file_refused(name: str, text: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        _complete({name: text, "a.v": ""})


def test_nothing_to_build() -> None:
    with pytest.raises(BadInputError, match="not a test bench"):
        validate({"DESIGN_NAME": "a"}, ["a_tb.v"])


def test_what_designs_need_is_taken() -> None:
    given = {
        "CLOCK_PORT": ["clk", "u_pll.clk_out", "bus[3]"],
        "VDD_NETS": ["vccd1"],
        "GND_NETS": "vssd1,vssd2",
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


@pytest.mark.parametrize("name", ["src/hooks.py", "a.sh"])
def test_a_config_that_is_a_program_is_refused(name: str) -> None:
    with pytest.raises(BadInputError, match="JSON or YAML"):
        validate({"DESIGN_NAME": "a", "config_file": name}, [name, "a.v"])


@pytest.mark.parametrize("config", [{}, {"DESIGN_NAME": "a", "config_file": "config.tcl"}])
def test_a_config_in_tcl_is_refused_with_the_way_out(config: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match=r"runs none.*config.json.*create-config") as refused:
        validate(config, ["config.tcl", "a.v"])
    assert refused.value.field == "config.config_file"


def test_paths_in_a_config_begin_at_its_folder() -> None:
    text = (
        '{"DESIGN_NAME": "spm", "VERILOG_FILES": ["dir::src/a.v", "dir::../common/*.v", "src/b.v"],'
        ' "VERILOG_INCLUDE_DIRS": "dir::inc", "PNR_SDC_FILE": "common/spm.sdc"}'
    )
    paths = ["spm/src/a.v", "spm/src/b.v", "common/c.v", "common/spm.sdc", "spm/inc/x.vh"]
    files = {"spm/config.json": text, **dict.fromkeys(paths, "")}
    config = _complete(files, config_file="spm/config.json")
    assert config["VERILOG_FILES"] == ["dir::spm/src/a.v", "dir::common/*.v", "dir::spm/src/b.v"]
    assert config["VERILOG_INCLUDE_DIRS"] == "dir::spm/inc"
    assert config["PNR_SDC_FILE"] == "dir::common/spm.sdc"
    text = '{"DESIGN_NAME": "spm", "VERILOG_FILES": ["dir::../../a.v"]}'
    with pytest.raises(BadInputError, match="leaves the project"):
        _complete({"spm/config.json": text, "a.v": ""}, config_file="spm/config.json")


def test_a_list_of_files_may_be_one_text() -> None:
    config = validate({"DESIGN_NAME": "a", "VERILOG_FILES": "src/spm.v src/top.sv"}, PATHS)
    assert config["variables"]["VERILOG_FILES"] == ["dir::src/spm.v", "dir::src/top.sv"]


def test_names_that_are_files_names_too_stay_names() -> None:
    assert validate({"DESIGN_NAME": "spm"}, ["spm", "a.v"])["variables"]["DESIGN_NAME"] == "spm"


def test_presets_come_first_then_the_file_then_the_job() -> None:
    text = (
        '{"DESIGN_NAME": "a", "pdk::sky130*": {"FP_CORE_UTIL": 33}, "SYNTH_STRATEGY": "AREA 1",'
        ' "RUN_LVS": true}'
    )
    files = {"config.json": text, "a.v": ""}
    config = _complete(files, preset="minimal", RUN_LVS=False)
    assert list(config).index("FP_CORE_UTIL") < list(config).index("pdk::sky130*")
    assert config["pdk::sky130*"] == {"FP_CORE_UTIL": 33}
    assert (config["SYNTH_STRATEGY"], config["RUN_LVS"]) == ("AREA 1", False)
    assert config["RUN_MAGIC_DRC"] is False
    with pytest.raises(BadInputError, match="'fast' is no preset; there are: minimal, balanced"):
        _complete(files, preset="fast")


def _known(text: str, **config: Any) -> dict[str, Any]:
    files = {"config.json": text, "a.v": ""}
    checked = validate(config, list(files), lambda name: files[name].encode())
    catalog = load_catalog(as_text(CATALOG))
    return complete(checked, list(files), lambda name: files[name].encode(), catalog)


def test_a_variable_is_overridden_under_all_its_names() -> None:
    config = _known('{"DESIGN_NAME": "a", "LVS": 1, "pdk::*": {"LVS": 0}}', RUN_LVS=False)
    assert "LVS" not in config
    assert (config["RUN_LVS"], config["pdk::*"]) == (False, {})
    config = _known('{"DESIGN_NAME": "a", "LVS": 1}', preset="tapeout")
    assert config["LVS"] == 1
    assert "RUN_LVS" not in config
    assert "RUN_MAGIC_DRC" not in config, "which this LibreLane does not have"


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadInputError) as refused:
        _known('{"DESIGN_NAME": "a", "CLOCK_PERIOD": "fast"}', RUN_LVS="perhaps", CLOCK_PROT="c")
    fields = [refused.value.field, *(field for field, _ in refused.value.more)]
    assert fields == ["files/config.json.CLOCK_PERIOD", "config.RUN_LVS", "config.CLOCK_PROT"]


def test_what_the_file_has_wrong_and_the_job_right_is_right() -> None:
    assert _known('{"DESIGN_NAME": "a", "CLOCK_PERIOD": "x"}', CLOCK_PERIOD=5)["CLOCK_PERIOD"] == 5


def test_a_program_beside_the_design_is_not_a_config() -> None:
    config = validate({"DESIGN_NAME": "a"}, ["config.tcl", "config.py", "a.v"])
    assert config["config_file"] is None


def test_the_designs_of_the_offline_flow_are_taken() -> None:
    configs = list((Path(__file__).parents[4] / "offline_flow" / "designs").glob("*/config.json"))
    assert len(configs) >= 2
    for path in configs:
        assert validate(json.loads(path.read_text()), PATHS)["variables"]["DESIGN_NAME"]


def test_what_is_kept_is_a_choice() -> None:
    config = {"DESIGN_NAME": "spm", "keep": "all"}
    assert validate(config, ["spm.v"])["keep"] == "all"
    with pytest.raises(BadInputError, match="is not one of"):
        validate(config | {"keep": "some"}, ["spm.v"])
