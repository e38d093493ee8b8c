"""The whole flow, from RTL to a checked layout, with the real PDK."""

import shutil
from pathlib import Path

import pytest
from builds import Builds
from flow_run import DESIGNS, FlowRun, cut_and_go_on, run_flow
from tools import run_yosys

pytestmark = [
    pytest.mark.flow,
    pytest.mark.skipif(not shutil.which("sta"), reason="needs OpenSTA"),
]
LIBERTY = "sky130A/libs.ref/sky130_fd_sc_hd/lib/sky130_fd_sc_hd__tt_025C_1v80.lib"


@pytest.fixture(scope="module")
def counter(builds: Builds) -> FlowRun:
    """The counter, built."""
    run = builds("counter")
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


@pytest.fixture(scope="module")
def again(open_folder: Path, pdk_root: Path) -> FlowRun:
    """The counter, built in another folder."""
    return run_flow(open_folder / "again", "counter", pdk_root)


def test_another_folder_gets_the_same_layout(counter: FlowRun, again: FlowRun) -> None:
    assert_same(again, counter)


@pytest.mark.parametrize("step", ["Offline.StreamOut", "Offline.DetailedRouting", "Offline.CTS"])
def test_a_run_that_was_cut_goes_on_to_the_same_end(
    counter: FlowRun, again: FlowRun, pdk_root: Path, step: str
) -> None:
    resumed = cut_and_go_on(again, step, pdk_root)
    assert_same(resumed, counter)


def assert_same(run: FlowRun, other: FlowRun) -> None:
    assert run.status == other.status == 0, run.output[-3000:]
    assert run.metrics == other.metrics
    views, others = views_of(run), views_of(other)
    assert {"counter.gds", "counter.spef", "counter.spice", "counter.def"} <= set(views)
    assert [name for name in others if views.get(name) != others[name]] == []


def views_of(run: FlowRun) -> dict[str, bytes]:
    """Return the final views by name, but for the header: it holds the paths of the sources."""
    files = (path for path in run.view("").glob("*/**/*") if path.is_file())
    return {path.name: path.read_bytes() for path in files if path.parent.name != "json_h"}


def test_cells_that_do_not_fit_are_told_with_advice(open_folder: Path, pdk_root: Path) -> None:
    run = run_flow(open_folder / "full", "multiplier", pdk_root, FP_CORE_UTIL=99)
    assert run.status == 2
    assert "The cells do not fit into the core. Lower FP_CORE_UTIL" in run.output
    assert "Traceback" not in run.output


def test_a_die_that_is_given_is_kept_to(open_folder: Path, pdk_root: Path) -> None:
    given = {"FP_SIZING": "absolute", "DIE_AREA": [0, 0, 71.3, 63.5]}
    run = run_flow(open_folder / "given", "counter", pdk_root, **given)
    assert run.status == 0, run.output[-3000:]
    assert (run.metrics["klayout__drc_error__count"], run.metrics["design__lvs_error__count"]) == (
        0,
        0,
    )
    assert "DIEAREA ( 0 0 ) ( 71300 63240 ) ;" in run.view("def/counter.def").read_text()


def test_a_die_that_is_too_small_is_told(open_folder: Path, pdk_root: Path) -> None:
    given = {"FP_SIZING": "absolute", "DIE_AREA": [0, 0, 5, 5]}
    run = run_flow(open_folder / "small", "counter", pdk_root, **given)
    assert (run.status, run.broken_at) == (2, "offline-floorplan")
    assert "DIE_AREA is too small: straps and ports need 29.44 x 43.52 um." in run.output


def test_a_given_die_has_to_be_there(open_folder: Path, pdk_root: Path) -> None:
    run = run_flow(open_folder / "none", "counter", pdk_root, FP_SIZING="absolute")
    assert run.status == 2
    assert "FP_SIZING 'absolute' needs DIE_AREA." in run.output


def test_a_clock_port_that_is_none_is_told(open_folder: Path, pdk_root: Path) -> None:
    run = run_flow(open_folder / "clock", "counter", pdk_root, CLOCK_PORT="tick")
    assert run.status == 2
    assert "CLOCK_PORT names tick, which is no port of the design." in run.output
