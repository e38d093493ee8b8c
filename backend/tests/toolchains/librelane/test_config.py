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
