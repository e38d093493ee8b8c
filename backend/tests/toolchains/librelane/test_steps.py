import os
import shutil
from pathlib import Path

import pytest

from app.toolchains.base import StepStatus
from app.toolchains.librelane.reader import read_steps
from app.toolchains.librelane.step_names import readable_name
from tests.toolchains.librelane.rundirs import RunDirectory


def _shown(run: RunDirectory, ended: bool = False) -> list[tuple[str, str]]:
    return [(step.name, step.status.value) for step in read_steps(run.path, ended)]


def test_no_run_yet(tmp_path: Path) -> None:
    assert read_steps(tmp_path / "none", ended=False) == []


def test_running(run: RunDirectory) -> None:
    run.step("Yosys.Synthesis")
    run.begin("OpenROAD.DetailedRouting")
    assert _shown(run) == [("Synthesis", "completed"), ("Detailed Routing", "running")]


def test_ended_in_the_middle(run: RunDirectory) -> None:
    run.step("Yosys.Synthesis")
    run.begin("OpenROAD.DetailedRouting")
    assert _shown(run, ended=True)[-1] == ("Detailed Routing", "failed")


def test_checker_whose_error_was_deferred(run: RunDirectory) -> None:
    run.begin("Checker.LVS")
    run.begin("Misc.ReportManufacturability")
    assert _shown(run)[0] == ("Check: LVS", "failed")


def test_times(run: RunDirectory) -> None:
    folder = run.step("Yosys.Synthesis")
    os.utime(folder / "state_in.json", (1000, 1000))
    [step] = read_steps(run.path, ended=False)
    assert (step.step, step.started_at, step.seconds) == ("Yosys.Synthesis", 1000.0, 62.5)


def test_order_is_by_number(run: RunDirectory) -> None:
    for _ in range(11):
        run.step("Yosys.Synthesis")
    shutil.move(run.path / "11-yosys-synthesis", run.path / "100-yosys-synthesis")
    run.begin("Odb.CutRows")
    numbers = [step.status for step in read_steps(run.path, ended=False)]
    assert numbers == [*[StepStatus.COMPLETED] * 10, StepStatus.FAILED, StepStatus.COMPLETED]


def test_repeated_steps_are_told_apart(run: RunDirectory) -> None:
    run.step("OpenROAD.CheckAntennas")
    run.step("OpenROAD.CheckAntennas", suffix="-1")
    assert [name for name, _ in _shown(run)] == ["Check Antennas", "Check Antennas 2"]


def test_viewer_opened_by_hand_is_no_step(run: RunDirectory) -> None:
    run.step("Yosys.Synthesis")
    run.begin("KLayout.OpenGUI")
    assert _shown(run) == [("Synthesis", "completed")]


def test_config_that_is_not_written_yet(run: RunDirectory) -> None:
    folder = run.begin("Yosys.Synthesis")
    (folder / "config.json").write_text('{"meta": {"st')
    assert read_steps(run.path, ended=False)[0].step == "yosys-synthesis"
    (folder / "config.json").write_text('{"meta": {"step": "Yosys.Synthesis"}}')
    os.utime(folder / "config.json", (2000, 2000))
    assert read_steps(run.path, ended=False)[0].step == "Yosys.Synthesis"


@pytest.mark.parametrize("text", ["", "soon", "1:2", "00:00:1x"])
def test_runtime_that_is_none(run: RunDirectory, text: str) -> None:
    (run.step("Yosys.Synthesis") / "runtime.txt").write_text(text)
    assert read_steps(run.path, ended=False)[0].seconds is None


def test_what_is_no_step_is_left_out(run: RunDirectory, tmp_path: Path) -> None:
    (run.path / "tmp").mkdir()
    (run.path / "12-file").touch()
    (tmp_path / "13-outside-step").mkdir()
    (run.path / "13-outside-step").symlink_to(tmp_path / "13-outside-step")
    assert read_steps(run.path, ended=False) == []


def test_a_run_that_is_another_jobs_has_no_steps(run: RunDirectory, tmp_path: Path) -> None:
    run.step("Yosys.Synthesis")
    job = tmp_path / "2-1" / "job"
    job.mkdir(parents=True)
    (job / "run").symlink_to(run.path.parent)
    assert read_steps(job / "run" / run.path.name, ended=False) == []


def test_fifo_in_place_of_a_file_does_not_block(run: RunDirectory) -> None:
    folder = run.begin("Yosys.Synthesis")
    os.mkfifo(folder / "runtime.txt")
    os.mkfifo(folder / "state_out.json")
    assert _shown(run) == [("Synthesis", "running")]


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("OpenROAD.DetailedRouting", "Detailed Routing"),
        ("OpenROAD.STAPostPNR", "Timing after Routing"),
        ("OpenROAD.GlobalPlacementSkipIO", "Global Placement Skip IO"),
        ("Odb.ApplyDEFTemplate", "Apply DEF Template"),
        ("Checker.TrDRC", "Check: Routing DRC"),
        ("Magic.StreamOut", "Stream Out (Magic)"),
        ("Offline.CTS", "Clock Tree Synthesis"),
        ("yosys-synthesis", "yosys-synthesis"),
    ],
)
def test_names(step: str, name: str) -> None:
    assert readable_name(step) == name


def test_no_name_is_longer_than_tables_take() -> None:
    assert len(readable_name("A." + "aB" * 70, "x" * 150)) < 255
