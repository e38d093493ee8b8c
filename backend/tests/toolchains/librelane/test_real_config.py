"""What the real LibreLane makes of the config that we hand it."""

import json
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.executors.base import Executor
from app.toolchains.librelane.catalog import load_catalog
from app.toolchains.librelane.config import validate
from app.toolchains.librelane.offer import Offered, Pdk, offers_of
from app.toolchains.librelane.substitutes import read_substitutes, substituted
from app.toolchains.librelane.toolchain import LibreLane
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_job

pytestmark = pytest.mark.flow

TOP = "module top(input clk, input d, output reg q);\nalways @(posedge clk) q <= d;\nendmodule\n"


def resolved(
    flow: Settings, executor: Executor, make_workdir: MakeWorkdir, file: Any, **config: Any
) -> dict[str, Any]:
    """Return what all variables came to in a build that ends after its first step."""
    workdir = make_workdir({"config.json": json.dumps(file), "rtl/top.v": TOP})
    result, said = run_job(LibreLane(flow), executor, workdir, {"to": "Verilator.Lint", **config})
    assert result.ok, said
    found: dict[str, Any] = json.loads((workdir / "run" / "build" / "resolved.json").read_text())
    return found


def test_the_later_wins(flow: Settings, executor: Executor, make_workdir: MakeWorkdir) -> None:
    file = {
        "meta": {"version": 2},
        "DESIGN_NAME": "top",
        "VERILOG_FILES": ["dir::rtl/*.v"],
        "SYNTH_STRATEGY": "AREA 2",
        "pdk::sky130*": {"CLOCK_PERIOD": 20, "FP_ASPECT_RATIO": 2},
    }
    found = resolved(flow, executor, make_workdir, file, preset="high_quality", CLOCK_PERIOD=7)
    assert found["SYNTH_ABC_BUFFERING"] is True, "the preset's"
    assert found["SYNTH_STRATEGY"] == "AREA 2", "the file's over the preset's"
    assert float(found["FP_ASPECT_RATIO"]) == 2, "the file's section's"
    assert float(found["CLOCK_PERIOD"]) == 7, "the build's over the file's section"
    assert [path.rpartition("/")[2] for path in found["VERILOG_FILES"]] == ["top.v"]


def test_a_config_of_version_1_may_speak_in_texts_and_old_names(
    flow: Settings, executor: Executor, make_workdir: MakeWorkdir
) -> None:
    file = {
        "DESIGN_NAME": "top",
        "VERILOG_FILES": "rtl/top.v",
        "CLOCK_PERIOD": "12.5",
        "SYNTH_NO_FLAT": "1",
        "LINTER_DISABLE_WARNINGS": "DECLFILENAME,UNUSED",
        "LEC_ENABLE": 1,
        "//": "a comment",
    }
    found = resolved(flow, executor, make_workdir, file)
    assert float(found["CLOCK_PERIOD"]) == 12.5
    assert found["SYNTH_HIERARCHY_MODE"] != "flatten"
    assert found["LINTER_DISABLE_WARNINGS"] == ["DECLFILENAME", "UNUSED"]


def _read(folder: Path, name: str) -> bytes:
    return (folder / name).read_bytes()


def test_librelane_s_own_examples_are_taken(flow: Settings) -> None:
    assert flow.flow_python is not None
    packages = flow.flow_python.absolute().parents[1].glob("lib/python3*/site-packages")
    examples = next(packages) / "librelane" / "examples"
    [(offer, text)] = offers_of(flow)
    whole = replace(
        offer,
        tools=("eqy", "klayout", "magic", "netgen", "openroad", "verilator", "yosys"),
        pdks=(Pdk("sky130A", "-", is_offline=False),),
    )
    configs = [*examples.glob("*/config*.json"), *examples.glob("spm/config.yaml")]
    assert len(configs) >= 3
    for config in configs:
        folder = config.parent
        paths = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        taken = validate(
            {"config_file": config.name},
            paths,
            partial(_read, folder),
            [Offered(whole, load_catalog(text))],
        )
        assert taken["flow"] == "Classic"


_ASK = """
import json, sys
from librelane.flows import Flow
classic = Flow.factory.get("Classic")
for pairs in json.loads(sys.argv[1]):
    flow = classic.Substitute([tuple(pair) for pair in pairs])
    print("ids:", json.dumps([step.id for step in flow.Steps]))
"""
SUBSTITUTES: list[list[list[str | None]]] = [
    [["+Checker.*", "Odb.CellFrequencyTables"]],
    [["-OpenROAD.STAMidPNR*", "Checker.LintErrors"], ["Checker.LintErrors-1", None]],
    [["OpenROAD.STAMidPNR*", None], ["verilator.lint", "Checker.LintErrors"]],
    [["OpenROAD.STAMidPNR-?", "OpenROAD.CTS"], ["+OpenROAD.CTS-1", "OpenROAD.STAMidPNR"]],
]


def test_steps_are_substituted_as_by_librelane(flow: Settings) -> None:
    command = [str(flow.flow_python), "-c", _ASK, json.dumps(SUBSTITUTES)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    wanted = [line.removeprefix("ids:") for line in said if line.startswith("ids:")]
    [(_, text)] = offers_of(flow)
    catalog = load_catalog(text)
    classic = catalog.flow("Classic")
    assert classic is not None
    for pairs, ids in zip(SUBSTITUTES, wanted, strict=True):
        made = substituted(catalog, classic, read_substitutes("meta", pairs))
        assert [step.id for step in made.steps] == json.loads(ids)


def test_librelane_resolves_references(
    flow: Settings, executor: Executor, make_workdir: MakeWorkdir
) -> None:
    file = {
        "meta": {"version": 2, "substituting_steps": {"+Verilator.Lint": "Checker.LintErrors"}},
        "DESIGN_NAME": "top",
        "VERILOG_FILES": ["refg::$DESIGN_DIR/rtl/*.v"],
        "EXTRA_VERILOG_MODELS": ["dir::rtl/t*.v"],
        "CLOCK_PORT": "clk",
        "CLOCK_NET": "ref::$CLOCK_PORT",
        "CLOCK_PERIOD": "expr::$FP_ASPECT_RATIO * (3 + 2) ** 2",
        "FP_ASPECT_RATIO": 1,
        "pdk::sky130*": {"scl::sky130_fd_sc_hd": {"FP_CORE_UTIL": "expr::$FP_ASPECT_RATIO * 20"}},
        "pdk::gf180*": {"FP_CORE_UTIL": 7},
        "EXTRA_LEFS": ["pdk_dir::libs.ref/*/techlef/*.tlef"],
    }
    found = resolved(flow, executor, make_workdir, file, FP_ASPECT_RATIO=2)
    assert float(found["CLOCK_PERIOD"]) == 50, "with the build's own value"
    assert float(found["FP_CORE_UTIL"]) == 40
    assert found["CLOCK_NET"] == "clk"
    for name in ("VERILOG_FILES", "EXTRA_VERILOG_MODELS"):
        assert [path.rpartition("/")[2] for path in found[name]] == ["top.v"]
    assert found["EXTRA_LEFS"]
    assert all("/sky130A/libs.ref/" in path for path in found["EXTRA_LEFS"])
