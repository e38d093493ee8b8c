"""The whole flow, from RTL to a checked layout, with the real PDK."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flow_run import DESIGNS, FlowRun, run_flow
from tools import run_yosys

pytestmark = [
    pytest.mark.flow,
    pytest.mark.skipif(not shutil.which("sta"), reason="needs OpenSTA"),
]
LIBERTY = "sky130A/libs.ref/sky130_fd_sc_hd/lib/sky130_fd_sc_hd__tt_025C_1v80.lib"


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """Return a folder that other users may enter; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="offline-flow-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="module")
def pdk_root(open_folder: Path) -> Path:
    """A new PDK."""
    root = open_folder / "pdk"
    subprocess.run([sys.executable, "-m", "librelane_plugin_offline.pdk", root], check=True)
    return root


@pytest.fixture(scope="module")
def counter(open_folder: Path, pdk_root: Path) -> FlowRun:
    """The counter, built."""
    run = run_flow(open_folder / "counter", "counter", pdk_root)
    assert run.status == 0, run.output[-3000:]
    return run


def test_the_layout_is_clean_and_is_the_schematic(counter: FlowRun) -> None:
    metrics = counter.metrics
    assert metrics["klayout__drc_error__count"] == 0
    assert metrics["design__lvs_error__count"] == 0
    assert metrics["route__drc_errors"] == 0
    assert metrics["design__lvs_device__count"] > 300
    assert metrics["timing__setup__ws"] > 0
    assert metrics["timing__hold__ws"] > 0


def test_all_views_are_there(counter: FlowRun) -> None:
    for path in (
        "gds/counter.gds",
        "def/counter.def",
        "nl/counter.nl.v",
        "pnl/counter.pnl.v",
        "spef/nom/counter.spef",
        "spice/counter.spice",
    ):
        assert counter.view(path).stat().st_size > 500, path
    assert len(list(counter.folder.glob("*-klayout-render/*.png"))) == 1


def test_steps_have_their_own_folders_in_order(counter: FlowRun) -> None:
    names = [step.split("-", 1)[1] for step in counter.steps]
    assert len(names) == 23
    ours = [name for name in names if name.startswith("offline-")]
    assert ours == [
        "offline-staprepnr",
        "offline-floorplan",
        "offline-placement",
        "offline-cts",
        "offline-fillinsertion",
        "offline-detailedrouting",
        "offline-stapostpnr",
        "offline-streamout",
        "offline-drc",
        "offline-lvs",
    ]


def test_opensta_knows_every_net_of_the_parasitics(counter: FlowRun) -> None:
    [log] = counter.folder.glob("*-offline-stapostpnr/*.log")
    assert "not found" not in log.read_text()
    assert "Warning" not in log.read_text()


def test_the_final_netlist_does_what_the_source_says(counter: FlowRun, pdk_root: Path) -> None:
    """Proved by induction: once reset, no input ever makes the outputs differ."""
    commands = (
        f"read_verilog {DESIGNS / 'counter' / 'counter.v'}",
        "hierarchy -top counter",
        "proc",
        "opt -full",
        "rename counter gold",
        "design -save gold",
        "design -reset",
        f"read_liberty -ignore_miss_func {pdk_root / LIBERTY}",
        f"read_verilog {counter.view('nl/counter.nl.v')}",
        "hierarchy -top counter",
        "flatten",
        "proc",
        "opt",
        "rename counter gate",
        "design -copy-from gold -as gold gold",
        "miter -equiv -flatten -make_outputs gold gate miter",
        "hierarchy -top miter",
        "async2sync",
        "dffunmap",
        "sat -verify -tempinduct -seq 1 -set-at 1 in_rst_n 0 -prove trigger 0 miter",
    )
    assert "Induction step proven: SUCCESS" in run_yosys(commands)


def test_another_folder_gets_the_same_layout(
    counter: FlowRun, open_folder: Path, pdk_root: Path
) -> None:
    again = run_flow(open_folder / "again", "counter", pdk_root)
    assert again.status == 0, again.output[-3000:]
    for path in ("gds/counter.gds", "spef/nom/counter.spef", "nl/counter.nl.v"):
        assert again.view(path).read_bytes() == counter.view(path).read_bytes(), path


def test_cells_that_do_not_fit_are_told_with_advice(open_folder: Path, pdk_root: Path) -> None:
    run = run_flow(open_folder / "full", "multiplier", pdk_root, FP_CORE_UTIL=99)
    assert run.status == 2
    assert "The cells do not fit into the core; lower FP_CORE_UTIL." in run.output
    assert "Traceback" not in run.output


def test_a_clock_port_that_is_none_is_told(open_folder: Path, pdk_root: Path) -> None:
    run = run_flow(open_folder / "clock", "counter", pdk_root, CLOCK_PORT="tick")
    assert run.status == 2
    assert "CLOCK_PORT names tick, which is no port of the design." in run.output


@pytest.mark.slow
def test_a_larger_design_with_a_clock_tree(open_folder: Path, pdk_root: Path) -> None:
    run = run_flow(open_folder / "multiplier", "multiplier", pdk_root)
    assert run.status == 0, run.output[-3000:]
    assert run.metrics["clock__buffer__count"] > 0
    assert run.metrics["klayout__drc_error__count"] == 0
    assert run.metrics["design__lvs_error__count"] == 0
