import json

import pytest

from app.toolchains.base import Verdict
from app.toolchains.librelane.verdict import judge
from tests.toolchains.librelane.rundirs import RunDirectory


def _violations(run: RunDirectory, exit_code: int = 0) -> str:
    found = judge(run.path, exit_code)
    assert (found.finished, found.verdict) == (True, Verdict.VIOLATIONS)
    return found.message


def test_clean(run: RunDirectory) -> None:
    run.step("Misc.ReportManufacturability")
    run.finish()
    found = judge(run.path, 0)
    assert (found.finished, found.verdict) == (True, Verdict.CLEAN)
    assert found.message == "Finished without violations."
    assert found.metrics["design__instance__count"] == 46


def test_what_was_not_checked_is_told(run: RunDirectory) -> None:
    run.finish()
    (run.path / "final" / "metrics.json").write_text('{"design__lvs_error__count": 0}')
    assert judge(run.path, 0).message.endswith("Not checked: DRC.")


def test_negative_slack_with_status_0(run: RunDirectory) -> None:
    run.finish(timing__setup__ws=-5.8934, timing__setup_vio__count=1571)
    assert "1571 setup violations (worst slack -5.893 ns)" in _violations(run)


def test_negative_slack_in_one_corner_only(run: RunDirectory) -> None:
    run.finish(timing__hold__ws_c_max_ss=-0.25, timing__hold__ws=0.1)
    assert "hold violations (worst slack -0.25 ns in corner max_ss)" in _violations(run)


def test_infinite_slack_is_none(run: RunDirectory) -> None:
    run.finish(timing__setup__ws=float("inf"), timing__hold__ws=float("inf"))
    assert judge(run.path, 0).verdict is Verdict.CLEAN
    assert judge(run.path, 0).metrics["timing__hold__ws"] == float("inf")


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("magic__drc_error__count", "3 Magic DRC errors"),
        ("klayout__drc_error__count", "3 KLayout DRC errors"),
        ("route__drc_errors", "3 routing DRC errors"),
        ("design__lvs_error__count", "3 LVS errors"),
        ("antenna__violating__nets", "3 antenna violations"),
        ("design__lint_error__count", "3 lint errors"),
        ("design__max_slew_violation__count", "3 slew violations"),
    ],
)
def test_violations_are_counted(run: RunDirectory, metric: str, words: str) -> None:
    run.finish(**{metric: 3})
    assert _violations(run, exit_code=2) == f"Finished with violations: {words}."


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("design__lvs_errors__count", "3 LVS errors"),
        ("magic__drc_errors", "3 Magic DRC errors"),
        ("magic__illegal__overlaps", "3 illegal overlaps"),
        ("design__lint_errors__count", "3 lint errors"),
        ("antenna__count", "3 antenna violations"),
    ],
)
def test_violations_under_their_names_of_the_past(
    run: RunDirectory, metric: str, words: str
) -> None:
    run.finish()
    names = {"magic__drc_errors": 0, "design__lvs_errors__count": 0, metric: 3}
    (run.path / "final" / "metrics.json").write_text(json.dumps(names))
    assert _violations(run) == f"Finished with violations: {words}."
    (run.path / "final" / "metrics.json").write_text(json.dumps(names | {metric: 0}))
    assert judge(run.path, 0).message == "Finished without violations."


def test_what_librelane_only_warns_of_is_told(run: RunDirectory) -> None:
    run.finish(
        design__max_slew_violation__count_c_max_ss=4,
        design__max_cap_violation__count=1,
        design__max_fanout_violation__count=7,
    )
    found = judge(run.path, 0)
    assert (found.verdict, found.violations) == (Verdict.CLEAN, ())
    assert [(one.kind, one.count, one.corner) for one in found.tolerated] == [
        ("slew", 4, "max_ss"),
        ("cap", 1, None),
        ("fanout", 7, None),
    ]
    assert "Tolerated: 4 slew violations in corner max_ss, 1 capacitance" in found.message


def test_what_a_checker_was_told_to_take_for_an_error(run: RunDirectory) -> None:
    run.begin("Checker.MaxSlewViolations")
    run.step("Misc.ReportManufacturability")
    run.finish(design__max_slew_violation__count=4, design__max_cap_violation__count=1)
    found = judge(run.path, 0)
    assert [one.kind for one in found.violations] == ["slew"]
    assert [one.kind for one in found.tolerated] == ["cap"]


def test_count_that_is_no_number_is_a_violation(run: RunDirectory) -> None:
    run.finish(klayout__drc_error__count=float("nan"))
    assert "1 KLayout DRC error" in _violations(run)


def test_deferred_error_that_no_metric_tells(run: RunDirectory) -> None:
    run.begin("Checker.Something")
    run.finish()
    (run.path / "error.log").write_text("2 somethings found.\n")
    assert _violations(run, exit_code=2) == "Finished with violations: 2 somethings."


def test_failed_step(run: RunDirectory) -> None:
    """The flow may still have said 'Flow complete.' and saved what it had."""
    run.step("Yosys.Synthesis")
    run.begin("OpenROAD.GeneratePDN")
    run.finish()
    (run.path / "error.log").write_text("[PDN-0185] Insufficient width.\n")
    (run.path / "flow.log").write_text("Flow complete.\n")
    found = judge(run.path, 0)
    assert (found.finished, found.verdict) == (False, Verdict.FAILED)
    assert found.message == "Power Grid failed: [PDN-0185] Insufficient width."


def test_failed_checker_that_ended_the_flow(run: RunDirectory) -> None:
    run.begin("Checker.LintErrors")
    (run.path / "error.log").write_text("1 Lint errors found.")
    assert judge(run.path, 2).message == "Check: Lint Errors failed: 1 Lint errors found."


def test_words_of_the_tools_log(run: RunDirectory) -> None:
    folder = run.begin("Yosys.Synthesis")
    (folder / "yosys-synthesis.log").write_text("reading\nERROR: Module `\\x' not found!\n")
    assert judge(run.path, 2).message == "Synthesis failed: Module `\\x' not found!"


def test_metrics_of_an_unfinished_run(run: RunDirectory) -> None:
    run.step("Yosys.Synthesis", metrics={"design__instance__count": 7})
    run.begin("OpenROAD.Floorplan")
    assert judge(run.path, 2).metrics == {"design__instance__count": 7}


def test_refused_config(run: RunDirectory) -> None:
    console = (
        "[11:19:02] INFO     Starting                      flow.py:1\n"
        "[11:19:02] ERROR    Errors have occurred.         __main__.py:159\n"
        "[11:19:02] ERROR    CLOCK_PERIOD: 'abc' is no     __main__.py:161\n"
        "                    number.                       \n"
        "[11:19:02] WARNING  Mind the gap.                 flow.py:2\n"
        "                    Really.\n"
        "[11:19:02] ERROR    LibreLane will now quit.      __main__.py:163\n"
    )
    found = judge(run.path, 1, console)
    wanted = "Errors have occurred.\nCLOCK_PERIOD: 'abc' is no\nnumber."
    assert found.message == f"LibreLane stopped: {wanted}"


def test_words_of_a_step_that_only_printed_them(run: RunDirectory) -> None:
    """LibreLane's own errors are in no log; before 2.4 it was OpenLane."""
    run.start()
    run.begin("Odb.ManualMacroPlacement")
    console = (
        "[11:19:02] ERROR    The flow has encountered an unexpected error:    __main__.py:148\n"
        "                    Instances not found: a, b\n"
        "[11:19:02] ERROR    OpenLane will now quit.                          __main__.py:149\n"
    )
    found = judge(run.path, 1, console)
    assert found.message == "Manual Macro Placement failed: Instances not found: a, b"


def test_crash(run: RunDirectory) -> None:
    console = "Traceback (most recent call last):\n  File x\nImportError: no module\n"
    assert "ImportError: no module" in judge(run.path, 1, console).message


def test_killed(run: RunDirectory) -> None:
    run.step("Yosys.Synthesis")
    found = judge(run.path, -1)
    assert (found.finished, found.verdict) == (False, Verdict.FAILED)


def test_metrics_that_are_no_numbers_are_left_out(run: RunDirectory) -> None:
    run.finish(design__die__bbox="0 0 1 1", nested={"a": 1}, **{"bad name": 1}, flag=True)
    metrics = judge(run.path, 0).metrics
    assert metrics["design__die__bbox"] == "0 0 1 1"
    assert metrics["flag"] == 1
    assert not {"nested", "bad name"} & set(metrics)


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000])
def test_broken_metrics(run: RunDirectory, text: str) -> None:
    run.finish()
    (run.path / "final" / "metrics.json").write_text(text)
    assert judge(run.path, 0).verdict is Verdict.FAILED
