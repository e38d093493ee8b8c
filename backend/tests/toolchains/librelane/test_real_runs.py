"""The reader on run directories that others' builds have left.

They are large and not part of the project: A6HUB_LIBRELANE_RUNS names the folder they are in.
"""

import math
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from app.toolchains.base import StepReport, StepStatus, Verdict
from app.toolchains.librelane.artifacts import collect_files
from app.toolchains.librelane.findings import Violation
from app.toolchains.librelane.metric_groups import grouped, headline, timing_table
from app.toolchains.librelane.reader import read_steps
from app.toolchains.librelane.verdict import judge
from tests.replay.installation import unpack_recording

_FOLDER = os.environ.get("A6HUB_LIBRELANE_RUNS")
pytestmark = pytest.mark.skipif(not _FOLDER, reason="A6HUB_LIBRELANE_RUNS is not set")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The run directory of a name, unpacked."""
    target = tmp_path_factory.mktemp("runs")
    return lambda name: unpack_recording(Path(_FOLDER or ""), name, target)


@pytest.fixture(scope="module")
def clean(runs: Callable[[str], Path]) -> Path:
    """LibreLane 3.0.3, complete; a viewer was opened later and left no state."""
    return runs("tt_4bit_alu__ll303_ok")


@pytest.fixture(scope="module")
def failed(runs: Callable[[str], Path]) -> Path:
    """OpenLane 2.1.9; a viewer's flow has written 'Flow complete.' and final/ after the failure."""
    return runs("adder__ol219_fail_pdn")


@pytest.fixture(scope="module")
def violating(runs: Callable[[str], Path]) -> Path:
    """LibreLane 2.4.2, without the steps' folders; error.log is empty."""
    return runs("aoc12_aggressive__ll242_setupviol")


def _steps(run: Path) -> dict[str, StepReport]:
    return {step.step: step for step in read_steps(run, ended=True)}


def test_clean_run(clean: Path) -> None:
    found = judge(clean, 0)
    assert (found.verdict, len(found.metrics)) == (Verdict.CLEAN, 302)
    assert found.message == "Finished without violations."
    assert (found.violations, found.failure) == ((), None)
    assert found.metrics["timing__hold_r2r__ws"] == math.inf


def test_steps_of_the_clean_run(clean: Path) -> None:
    steps = _steps(clean)
    assert len(steps) == 72  # each id once: repeated steps have numbers
    assert {step.status for step in steps.values()} == {StepStatus.COMPLETED}
    assert next(iter(steps)) == "Verilator.Lint"
    assert list(steps)[-1] == "Misc.ReportManufacturability"
    third = steps["OpenROAD.STAMidPNR-2"]
    assert third.folder == "38-openroad-stamidpnr-2"
    assert third.name == "Timing during Placement and Routing 3"


def test_a_step_of_the_clean_run(clean: Path) -> None:
    step = _steps(clean)["OpenROAD.DetailedRouting"]
    assert (step.seconds, step.peak_memory_bytes) == (4.132, 545 << 20)
    assert step.cpu_seconds == pytest.approx(131.98)
    assert (step.warning_count, len(step.warnings)) == (10, 5)
    assert step.warnings[0].startswith("[DRT-0349] LEF58_ENCLOSURE with no CUTCLASS")
    assert step.metric_changes["route__drc_errors"] == (None, 0)
    assert step.metric_changes["flow__warnings__count:DRT-0349"] == (None, 10)


def test_usage_of_corners_is_added_up(clean: Path) -> None:
    assert _steps(clean)["OpenROAD.STAPostPNR"].cpu_seconds == pytest.approx(5.95)


def test_what_is_only_in_warning_log(clean: Path) -> None:
    steps = _steps(clean)
    assert steps["Checker.WireLength"].warnings == (
        "Threshold for Threshold-surpassing long wires is not set. The checker will be skipped.",
    )
    assert steps["Magic.StreamOut"].error_count == 0
    assert sum(step.error_count for step in steps.values()) == 0


def test_files_of_the_clean_run(clean: Path) -> None:
    files = collect_files(clean).files
    kinds = {file.name: file.kind for file in files}
    assert kinds["final/gds/tt_um_josue_olivos_alu.gds"] == "gds"
    assert kinds["final/render/tt_um_josue_olivos_alu.png"] == "picture"
    assert kinds["66-netgen-lvs/reports/lvs.netgen.rpt"] == "lvs"
    count = Counter(kinds.values())
    assert (count["gds"], count["picture"], count["metrics"], count["config"]) == (3, 2, 2, 2)
    assert len(collect_files(clean, everything=True).files) > len(files)


def test_metrics_of_the_clean_run(clean: Path) -> None:
    metrics = judge(clean, 0).metrics
    assert sum(len(group.metrics) for group in grouped(metrics)) == len(metrics)
    rows = timing_table(metrics)
    assert [row.corner for row in rows[:3]] == [None, "nom_ff_n40C_1v95", "nom_ss_100C_1v60"]
    assert len(rows) == 10
    glance = headline(metrics)
    assert (glance.instances, glance.cells, glance.wire_length) == (4587, 323, 1675)
    assert glance.setup_slack == pytest.approx(6.0215, abs=1e-4)


def test_failed_run(failed: Path) -> None:
    found = judge(failed, 0)
    assert (found.finished, found.verdict) == (False, Verdict.FAILED)
    assert found.failure is not None
    assert (found.failure.step, found.failure.folder) == (
        "OpenROAD.GeneratePDN",
        "20-openroad-generatepdn",
    )
    assert found.failure.message == (
        "[PDN-0185] Insufficient width (13.34 um) to add straps on layer met4 in grid "
        '"stdcell_grid" with total strap width 4.9 um and offset 16.32 um.'
    )
    assert "PDN_VPITCH" in (found.failure.hint or "")
    assert found.metrics["design__instance__count"] == 8


def test_steps_of_the_failed_run(failed: Path) -> None:
    steps = list(_steps(failed).values())
    assert [step.status for step in steps] == [*[StepStatus.COMPLETED] * 19, StepStatus.FAILED]
    assert (steps[-1].name, steps[-1].error_count) == ("Power Grid", 1)
    assert (steps[-1].seconds, steps[-1].metric_changes) == (None, {})
    assert "[STA-0366] port 'clk' not found." in steps[-1].warnings


def test_run_with_violations(violating: Path) -> None:
    found = judge(violating, 0)
    assert (found.finished, found.verdict, len(found.metrics)) == (True, Verdict.VIOLATIONS, 293)
    corner = "max_ss_100C_1v60"
    assert found.violations == (
        Violation("antenna", 9, "9 antenna violations"),
        Violation(
            "setup",
            1571,
            f"1571 setup violations (worst slack -5.893 ns in corner {corner})",
            corner,
            -5.8934432335735005,
            "ns",
        ),
    )
    assert [(one.kind, one.count) for one in found.tolerated] == [("slew", 161), ("fanout", 33)]


def test_steps_of_the_run_with_violations(violating: Path) -> None:
    """Only the log is there. The first start was broken off in its first step."""
    broken, *steps = read_steps(violating, ended=True)
    assert (broken.step, broken.status) == ("Verilator.Lint", StepStatus.FAILED)
    assert len(steps) == len({step.step for step in steps}) == 70
    assert {step.status for step in steps} == {StepStatus.COMPLETED}
    assert sum(step.warning_count for step in steps) > 0
