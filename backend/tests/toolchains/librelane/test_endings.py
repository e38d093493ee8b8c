"""How runs end: what is left of those that were stopped, resumed, looked at or cut down."""

import json
import shutil
from pathlib import Path

import pytest

from app.toolchains.base import StepStatus, Verdict
from app.toolchains.librelane.flow_log import FlowLog
from app.toolchains.librelane.reader import read_steps
from app.toolchains.librelane.verdict import Judgement, judge
from tests.toolchains.librelane.rundirs import GOOD_METRICS, LAST, RunDirectory

_BOTH = pytest.mark.parametrize("says_where", [True, False])


def _judge(run: RunDirectory) -> Judgement:
    """Judge a run of which nobody knows any more how LibreLane ended."""
    return judge(run.path, 0)


def _drop_folders(run: RunDirectory) -> None:
    for folder in run.path.glob("[0-9]*"):
        shutil.rmtree(folder)


@_BOTH
def test_deferred_errors_without_final_views(run: RunDirectory, says_where: bool) -> None:
    """Until 2.4 LibreLane saved nothing when a checker had found something."""
    run.start(says_where)
    found = {"magic__drc_error__count": 3, "design__lvs_error__count": 0}
    run.step("Magic.DRC", metrics=found)
    run.begin("Checker.MagicDRC")
    run.log("3 Magic DRC errors found. - deferred", "error")
    run.step(LAST, metrics=found)
    judged = _judge(run)
    assert (judged.finished, judged.verdict) == (True, Verdict.VIOLATIONS)
    assert [(one.kind, one.count) for one in judged.violations] == [("drc.magic", 3)]
    assert judged.metrics == found
    statuses = [step.status for step in read_steps(run.path, ended=True)]
    assert statuses == [StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.COMPLETED]


@_BOTH
def test_final_views_of_an_earlier_run_do_not_count(run: RunDirectory, says_where: bool) -> None:
    run.start(says_where)
    run.step(LAST, metrics=GOOD_METRICS)
    run.finish()
    run.start(says_where)
    bad = GOOD_METRICS | {"design__lvs_error__count": 2}
    run.step("Netgen.LVS", metrics=bad)
    run.begin("Checker.LVS")
    run.log("2 LVS errors found. - deferred", "error")
    run.step(LAST, metrics=bad)
    assert [one.text for one in _judge(run).violations] == ["2 LVS errors"]
    assert _judge(run).metrics == bad


@_BOTH
def test_a_later_run_that_fails(run: RunDirectory, says_where: bool) -> None:
    run.start(says_where)
    run.step(LAST, metrics=GOOD_METRICS)
    run.finish()
    run.start(says_where)
    run.step("OpenROAD.Floorplan", metrics={"design__instance__count": 7})
    run.begin("OpenROAD.GeneratePDN")
    run.log("[PDN-0185] Insufficient width.", "error")
    judged = _judge(run)
    assert judged.failure is not None
    assert (judged.failure.step, judged.failure.folder) == (
        "OpenROAD.GeneratePDN",
        "03-openroad-generatepdn",
    )
    assert judged.failure.message == "[PDN-0185] Insufficient width."
    assert judged.failure.hint is not None
    assert judged.metrics == {"design__instance__count": 7}


@_BOTH
def test_a_later_run_that_ends_well(run: RunDirectory, says_where: bool) -> None:
    """error.log still has what was wrong before."""
    run.start(says_where)
    run.begin("OpenROAD.GeneratePDN")
    run.log("[PDN-0185] Insufficient width.", "error")
    run.start(says_where)
    run.step("OpenROAD.GeneratePDN")
    run.step(LAST)
    run.finish()
    assert _judge(run).message == "Finished without violations."
    first, second, _ = read_steps(run.path, ended=True)
    assert (first.status, first.errors) == (StepStatus.FAILED, ("[PDN-0185] Insufficient width.",))
    assert (second.status, second.errors) == (StepStatus.COMPLETED, ())
    assert first.step == second.step == "OpenROAD.GeneratePDN"


def test_a_checker_that_was_run_again(run: RunDirectory) -> None:
    run.start()
    run.begin("Checker.LVS")
    run.step(LAST)
    run.start()
    run.step("Checker.LVS")
    run.step(LAST)
    run.finish()
    assert _judge(run).verdict is Verdict.CLEAN


@_BOTH
def test_looked_at_after_a_failure(run: RunDirectory, says_where: bool) -> None:
    run.start(says_where)
    run.step("OpenROAD.Floorplan")
    run.begin("OpenROAD.GeneratePDN")
    run.look()
    run.finish()
    judged = _judge(run)
    assert judged.failure is not None
    assert judged.failure.step == "OpenROAD.GeneratePDN"


@pytest.mark.parametrize("viewer", ["KLayout.OpenGUI", "OpenROAD.OpenGUI", "Magic.OpenGUI"])
def test_looked_at_and_not_closed(run: RunDirectory, viewer: str) -> None:
    run.start()
    run.step(LAST)
    run.finish()
    run.start()
    run.begin(viewer)
    assert _judge(run).verdict is Verdict.CLEAN
    assert [step.step for step in read_steps(run.path, ended=False)] == [LAST]


def test_interrupted_in_a_step(run: RunDirectory) -> None:
    run.start()
    run.step("Yosys.Synthesis")
    run.begin("OpenROAD.DetailedRouting")
    assert _judge(run).message == (
        "Detailed Routing failed: it left neither a result nor an error; "
        "it was interrupted, or only printed why."
    )


@_BOTH
def test_interrupted_in_a_checker(run: RunDirectory, says_where: bool) -> None:
    """One that lets the flow go on says what it has found."""
    run.start(says_where)
    run.step("OpenROAD.DetailedRouting")
    run.begin("Checker.TrDRC")
    assert _judge(run).verdict is Verdict.FAILED
    run.log("2 Routing DRC errors found. - deferred", "error")
    assert [(one.kind, one.count) for one in _judge(run).violations] == [("drc.routing", 2)]


def test_interrupted_with_errors_of_earlier_steps(run: RunDirectory) -> None:
    run.start()
    run.begin("OpenROAD.GeneratePDN")
    run.log("[PDN-0185] Insufficient width.", "error")
    run.start()
    run.step("Magic.StreamOut")
    run.log("Error while reading cell.", "error")
    run.begin("Magic.DRC")
    assert _judge(run).message == (
        "DRC (Magic) failed: it left neither a result nor an error; "
        "it was interrupted, or only printed why."
    )


@pytest.mark.parametrize("left", ["", '{"metrics": {"desi'])
def test_a_state_that_was_not_written_to_its_end(run: RunDirectory, left: str) -> None:
    """OpenLane 2.0 could not write Infinity."""
    run.start()
    folder = run.step("OpenROAD.STAPrePNR")
    (folder / "state_out.json").write_text(left)
    (folder / "runtime.txt").unlink()
    judged = _judge(run)
    assert judged.failure is not None
    assert judged.failure.step == "OpenROAD.STAPrePNR"


def test_stopped_between_steps(run: RunDirectory) -> None:
    run.start()
    run.step("Yosys.Synthesis")
    judged = _judge(run)
    assert judged.message == "LibreLane stopped: it did not go on after Synthesis."
    assert judged.failure is not None
    assert judged.failure.step is None


@pytest.mark.parametrize("step", ["Checker.LintErrors", "Checker.DisconnectedPins"])
def test_checkers_that_end_the_flow(run: RunDirectory, step: str) -> None:
    """Although there are final views, of an earlier run."""
    run.finish()
    run.start()
    run.begin(step)
    run.log("4 things found.", "error")
    assert _judge(run).verdict is Verdict.FAILED


def test_what_lint_said(run: RunDirectory) -> None:
    folder = run.step("Verilator.Lint")
    (folder / "verilator-lint.log").write_text(
        "%Warning-WIDTH: a.v:1:2: width\n%Error: a.v:9:1: syntax error, unexpected end\n"
    )
    run.start()
    run.begin("Checker.LintErrors")
    run.log("1 Lint errors found.", "error")
    judged = _judge(run)
    assert judged.message == (
        "Check: Lint Errors failed: 1 Lint errors found.\na.v:9:1: syntax error, unexpected end"
    )


def test_a_failure_after_a_deferred_error(run: RunDirectory) -> None:
    run.start()
    run.begin("Checker.PowerGridViolations")
    run.log("2 power grid violations found. - deferred", "error")
    run.begin("OpenROAD.DetailedRouting")
    run.log("[DRT-0073] No access point for u/a.", "error")
    judged = _judge(run)
    assert judged.message == "Detailed Routing failed: [DRT-0073] No access point for u/a."


def test_stopped_on_purpose_after_a_deferred_error(run: RunDirectory) -> None:
    run.start()
    run.begin("Checker.PowerGridViolations")
    run.log("2 power grid violations found. - deferred", "error")
    run.step("OpenROAD.DetailedRouting")
    assert [(one.kind, one.count) for one in _judge(run).violations] == [("power_grid", 2)]


def test_timing_checkers_that_no_metric_explains(run: RunDirectory) -> None:
    run.start()
    run.begin("Checker.HoldViolations")
    run.step(LAST)
    run.finish()
    assert _judge(run).message == ("Finished with violations: errors in 'Check: Hold Violations'.")


def test_a_checker_that_is_not_known_goes_on_if_it_says_so(run: RunDirectory) -> None:
    run.start()
    run.begin("Checker.Colours")
    run.log("5 colour errors found. - deferred", "error")
    assert [(one.kind, one.count) for one in _judge(run).violations] == [("check", 5)]


def test_errors_that_did_no_harm(run: RunDirectory) -> None:
    """Magic tells of layers that it does not know for each cell of a memory."""
    run.start()
    run.step("Magic.StreamOut")
    run.log('Error while reading cell "sram" (byte position 1): Unknown layer', "error")
    run.step(LAST)
    run.finish()
    assert _judge(run).verdict is Verdict.CLEAN


def test_checks_that_only_warn(run: RunDirectory) -> None:
    run.start()
    run.step("Checker.MagicDRC")
    run.log("252 Magic DRC errors found.", "warning")
    run.step(LAST)
    run.finish(magic__drc_error__count=252)
    assert [one.text for one in _judge(run).violations] == ["252 Magic DRC errors"]


@_BOTH
def test_only_the_logs_and_the_final_views(run: RunDirectory, says_where: bool) -> None:
    run.start(says_where)
    run.step(LAST)
    run.finish()
    _drop_folders(run)
    assert _judge(run).verdict is Verdict.CLEAN
    [step] = read_steps(run.path, ended=True)
    assert (step.step, step.status, step.folder) == (LAST, StepStatus.COMPLETED, None)


@_BOTH
def test_only_the_logs_of_a_failure(run: RunDirectory, says_where: bool) -> None:
    run.start(says_where)
    run.step("OpenROAD.Floorplan")
    run.begin("OpenROAD.GeneratePDN")
    run.log("[PDN-0185] Insufficient width.", "error")
    run.look()
    run.finish()
    _drop_folders(run)
    assert _judge(run).message == "Power Grid failed: [PDN-0185] Insufficient width."
    first, second = read_steps(run.path, ended=True)
    assert (first.name, first.status) == ("Floorplan", StepStatus.COMPLETED)
    assert (second.name, second.status) == ("Power Grid", StepStatus.FAILED)
    assert second.errors == ("[PDN-0185] Insufficient width.",)


def test_only_the_logs_of_deferred_errors(run: RunDirectory) -> None:
    run.start()
    run.begin("Checker.MagicDRC")
    run.log("3 Magic DRC errors found. - deferred", "error")
    run.step(LAST)
    _drop_folders(run)
    assert [(one.kind, one.count) for one in _judge(run).violations] == [("drc.magic", 3)]
    statuses = [step.status for step in read_steps(run.path, ended=True)]
    assert statuses == [StepStatus.FAILED, StepStatus.COMPLETED]


@_BOTH
def test_only_the_logs_of_what_a_timing_checker_found(run: RunDirectory, says_where: bool) -> None:
    """It says only that it found nothing; what it found LibreLane prints at its end."""
    run.start(says_where)
    run.begin("Checker.SetupViolations")
    run.begin("Checker.HoldViolations")
    run.log("No hold violations found")
    run.step(LAST)
    _drop_folders(run)
    judged = _judge(run)
    assert (judged.finished, [one.kind for one in judged.violations]) == (True, ["setup"])
    statuses = [step.status for step in read_steps(run.path, ended=True)]
    assert statuses == [StepStatus.FAILED, StepStatus.COMPLETED, StepStatus.COMPLETED]


def test_only_the_logs_of_what_was_told_at_the_end(run: RunDirectory) -> None:
    """Before 2.0.0 OpenLane told of deferred errors only then."""
    run.start(says_where=False)
    run.begin("Checker.LVS")
    run.step(LAST)
    run.log("The following deferred step errors have been encountered:", "error")
    run.log("3 LVS errors found.", "error")
    _drop_folders(run)
    assert _judge(run).message == "Finished with violations: 3 LVS errors."


def test_only_the_steps(run: RunDirectory) -> None:
    run.step("Netgen.LVS", metrics=GOOD_METRICS)
    run.step(LAST, metrics=GOOD_METRICS)
    for log in run.path.glob("*.log"):
        log.unlink()
    judged = _judge(run)
    assert (judged.verdict, judged.metrics) == (Verdict.CLEAN, GOOD_METRICS)


def test_steps_without_their_states(run: RunDirectory) -> None:
    """What else only a good end leaves tells how each ended."""
    run.step("Magic.DRC")
    run.begin("Checker.MagicDRC")
    folder = run.step(LAST)
    (folder / "state_in.json").write_text(json.dumps({"metrics": {"magic__drc_error__count": 2}}))
    for state in run.path.glob("*/state_out.json"):
        state.unlink()
    statuses = [step.status for step in read_steps(run.path, ended=True)]
    assert statuses == [StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.COMPLETED]
    assert [(one.kind, one.count) for one in _judge(run).violations] == [("drc.magic", 2)]


def test_steps_of_which_only_reports_are_kept(run: RunDirectory) -> None:
    run.start()
    run.step("Magic.DRC")
    run.step(LAST)
    run.finish()
    for note in run.path.glob("*-*/*"):
        note.unlink()
    assert _judge(run).verdict is Verdict.CLEAN
    steps = read_steps(run.path, ended=True)
    assert [step.status for step in steps] == [StepStatus.COMPLETED] * 2
    assert (steps[0].step, steps[0].name) == ("Magic.DRC", "DRC (Magic)")


def test_only_the_table_of_metrics(run: RunDirectory) -> None:
    run.finish()
    (run.path / "final" / "metrics.json").unlink()
    (run.path / "final" / "metrics.csv").write_text(
        "Metric,Value\nmagic__drc_error__count,2\ndesign__die__area,2.01E+7\n"
        'timing__setup__ws,Infinity\ndesign__die__bbox,"0 0 1 1"\n'
    )
    judged = _judge(run)
    assert judged.metrics == {
        "magic__drc_error__count": 2,
        "design__die__area": 2.01e7,
        "timing__setup__ws": float("inf"),
        "design__die__bbox": "0 0 1 1",
    }
    assert judged.message == "Finished with violations: 2 Magic DRC errors."


@_BOTH
def test_strategies_side_by_side(run: RunDirectory, says_where: bool) -> None:
    """SynthesisExploration: all steps are the first, none saves anything, some may fail."""
    run.start(says_where)
    for strategy in ("area-0", "delay-4"):
        for kind, step in (("synthesis", "Yosys.Synthesis"), ("sta", "OpenROAD.STAPrePNR")):
            run.step(step, slug=f"{kind}-{strategy}", number=1, metrics={"design__io": 3})
    for note in ("state_out.json", "runtime.txt"):
        (run.path / "01-synthesis-delay-4" / note).unlink()
    running = read_steps(run.path, ended=False)
    assert [step.name for step in running if step.status is StepStatus.RUNNING] == [
        "Synthesis (synthesis-delay-4)"
    ]
    run.log("Flow complete.")
    judged = _judge(run)
    assert (judged.verdict, judged.metrics) == (Verdict.CLEAN, {})
    assert judged.message == "Finished without violations. Not checked: DRC, LVS."


def _repair_antennas(run: RunDirectory, *, says_where: bool) -> None:
    """A step that runs others, in folders of its own."""
    folder = run.begin("OpenROAD.RepairAntennas")
    for number, part in enumerate(("DiodeInsertion", "OpenROAD.CheckAntennas"), start=1):
        name = f"{number}-{part.lower().replace('.', '-')}"
        (folder / name).mkdir()
        (folder / name / "x.log").write_text(f"[ERROR X-{number}] Part {number}.\n")
        where = f" at 'r/{folder.name}/{name}'" if says_where else ""
        run.log(f"Running '{part}'{where}…")
        run.log(f"[X-{number}] Part {number}.", "error")


@_BOTH
def test_a_failure_in_a_part_of_a_step(run: RunDirectory, says_where: bool) -> None:
    run.start(says_where)
    run.step("OpenROAD.CheckAntennas")
    _repair_antennas(run, says_where=says_where)
    judged = _judge(run)
    assert judged.failure is not None
    assert judged.failure.folder == "02-openroad-repairantennas"
    assert judged.failure.message == "[X-1] Part 1.\n[X-2] Part 2."
    first, second = read_steps(run.path, ended=True)
    assert (first.error_count, second.error_count) == (0, 2)


@_BOTH
def test_a_failure_in_a_part_of_which_only_the_logs_are_kept(
    run: RunDirectory, says_where: bool
) -> None:
    run.start(says_where)
    _repair_antennas(run, says_where=says_where)
    _drop_folders(run)
    judged = _judge(run)
    assert judged.failure is not None
    assert judged.failure.step == "OpenROAD.RepairAntennas"


@_BOTH
def test_what_comes_after_a_step_with_parts(run: RunDirectory, says_where: bool) -> None:
    run.start(says_where)
    _repair_antennas(run, says_where=says_where)
    run.begin("OpenROAD.DetailedRouting")
    run.log("No way.", "error")
    assert _judge(run).message == "Detailed Routing failed: No way."


def test_the_last_line_without_an_end(run: RunDirectory) -> None:
    run.start()
    run.step("Yosys.Synthesis")
    with (run.path / "flow.log").open("a") as log:
        log.write("Flow complete.")
    assert _judge(run).finished


def test_the_end_of_a_long_log(run: RunDirectory) -> None:
    run.start()
    run.step(LAST)
    run.log("Says nothing.\n" * 400_000)
    run.step("KLayout.Density")
    run.finish()
    assert _judge(run).verdict is Verdict.CLEAN


def test_a_log_of_starts_and_steps_only(run: RunDirectory) -> None:
    run.log("Starting…\nRunning 'A.B'…\n" * 50_000 + "Flow complete.")
    log = FlowLog(run.path).read(ended=True)
    assert sum(1 + len(session.ran) for session in log.sessions) <= 5001
    assert _judge(run).finished


def test_an_empty_folder(tmp_path: Path) -> None:
    judged = judge(tmp_path, 0)
    assert judged.message == "LibreLane stopped: it did not go on to a first step."
    assert judge(tmp_path / "none", 1).message == (
        "LibreLane stopped: it ended with status 1 and left no results; its log tells why."
    )


def test_words_of_a_tool_without_an_error_log(run: RunDirectory) -> None:
    run.start()
    run.begin("Yosys.JsonHeader")
    run.log("Subprocess had a non-zero exit.\nLast 1 line(s):\nOption 'y' does not exist\n")
    run.log("Full log file: 'x/yosys-jsonheader.log'")
    assert _judge(run).message == "Json Header failed: Option 'y' does not exist"


def test_markup_is_no_part_of_the_words(run: RunDirectory) -> None:
    run.start()
    run.begin("OpenROAD.CTS")
    run.log("\\[ERROR] [bold]no clock[/bold]", "error")
    assert _judge(run).message == "Clock Tree Synthesis failed: [ERROR] no clock"


def test_a_copy_of_a_folder_is_no_step(run: RunDirectory) -> None:
    folder = run.step("OpenROAD.RepairAntennas")
    for name in (f"{folder.name} 2", f"{folder.name}.bak"):
        shutil.copytree(folder, run.path / name)
    assert len(read_steps(run.path, ended=True)) == 1


def test_metrics_that_no_database_takes(run: RunDirectory) -> None:
    run.finish()
    text = json.dumps({"design__io": 0})[:-3] + f"{10**400}, " + '"design__rows": -1e999}'
    (run.path / "final" / "metrics.json").write_text(text)
    assert _judge(run).metrics == {"design__io": float("inf"), "design__rows": float("-inf")}
