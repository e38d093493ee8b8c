"""Reading a run again and again while it goes on."""

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.toolchains.base import StepReport, StepStatus
from app.toolchains.librelane.changes import metric_changes
from app.toolchains.librelane.reader import RunReader, read_steps
from app.toolchains.librelane.run_directory import kind_of_step
from tests.toolchains.librelane.rundirs import RunDirectory


@pytest.fixture
def reader(run: RunDirectory) -> RunReader:
    run.start()
    return RunReader(run.path, "run/build")


def _only(reader: RunReader, *, ended: bool = False) -> StepReport:
    [report] = reader.steps(ended)
    return report


def test_what_is_over_is_read_once(run: RunDirectory, reader: RunReader) -> None:
    folder = run.step("Yosys.Synthesis", metrics={"design__io": 3})
    (folder / "yosys-synthesis.log").write_text("Warning: a\n")
    run.begin("Checker.PowerGridViolations")
    run.begin("OpenROAD.CTS")
    before = reader.steps(ended=False)
    for over in ("01-yosys-synthesis", "02-checker-powergridviolations"):
        shutil.rmtree(run.path / over)
        (run.path / over).mkdir()
    assert reader.steps(ended=False) == before
    assert [one.ended_well for one in reader.folders()] == [True, False, False]


def test_a_step_that_ends(run: RunDirectory, reader: RunReader) -> None:
    folder = run.begin("OpenROAD.CTS")
    assert _only(reader).status is StepStatus.RUNNING
    (folder / "state_out.json").write_text('{"metrics": {"desi')  # being written
    assert (_only(reader).status, _only(reader).metric_changes) == (StepStatus.RUNNING, {})
    (folder / "state_out.json").write_text('{"metrics": {"design__io": 3}}')
    assert _only(reader).metric_changes == {"design__io": (None, 3)}
    (folder / "runtime.txt").write_text("00:00:09.000")
    assert _only(reader).seconds == 9


def test_warnings_come_while_a_step_runs(run: RunDirectory, reader: RunReader) -> None:
    folder = run.begin("OpenROAD.CTS")
    assert _only(reader).warning_count == 0
    run.log("[CTS-0041] Net has 0 sinks.", "warning")
    run.log("Finished.")
    assert _only(reader).warnings == ("[CTS-0041] Net has 0 sinks.",)
    (folder / "openroad-cts.log").write_text("[WARNING CTS-0041] Net has 0 sinks.\n" * 2)
    ended = _only(reader, ended=True)
    assert (ended.warning_count, len(ended.warnings)) == (2, 1)
    assert ended.folder == "run/build/01-openroad-cts"


def test_lines_that_are_not_whole_yet(run: RunDirectory, reader: RunReader) -> None:
    run.begin("OpenROAD.CTS")
    for log in ("warning.log", "flow.log"):
        with (run.path / log).open("a") as file:
            file.write("Not all")
    assert _only(reader).warnings == ()
    for log in ("warning.log", "flow.log"):
        with (run.path / log).open("a") as file:
            file.write(" is said.\n")
    assert _only(reader).warnings == ("Not all is said.",)


def test_what_goes_over_several_lines_is_one(run: RunDirectory, reader: RunReader) -> None:
    run.begin("Checker.SetupViolations")
    run.log("Setup violations found in the following corners:\n* max_ss\n* nom_ss", "warning")
    assert _only(reader).warnings == (
        "Setup violations found in the following corners: * max_ss * nom_ss",
    )


def test_what_a_program_printed_last_is_said_once(run: RunDirectory, reader: RunReader) -> None:
    """LibreLane quotes it in its own logs."""
    folder = run.begin("Yosys.Synthesis")
    run.log("Subprocess had a non-zero exit.", "error")
    run.log("Last 2 line(s):\nreading\nERROR: Module \\[x] not found!\n", "error")
    run.log("Full log file: 'x.log'", "error")
    assert _only(reader, ended=True).errors == ("reading", "ERROR: Module [x] not found!")
    (folder / "x.log").write_text("reading\nERROR: Module [x] not found!\n")
    assert read_steps(run.path, ended=True)[0].errors == ("Module [x] not found!",)


def test_texts_are_bounded(run: RunDirectory, reader: RunReader) -> None:
    folder = run.step("Verilator.Lint")
    text = "".join(f"%Warning-W: {number} {'x' * 999}\n" for number in range(700))
    (folder / "verilator-lint.log").write_text(text)
    found = _only(reader, ended=True)
    assert (found.warning_count, len(found.warnings)) == (500, 20)
    assert {len(text) for text in found.warnings} == {300}


def test_each_repetition_has_its_own_words(run: RunDirectory) -> None:
    run.start(says_where=False)
    for number, suffix in enumerate(("", "-1", "-2")):
        run.step("OpenROAD.STAMidPNR", suffix)
        run.log(f"warning {number}", "warning")
    run.start(says_where=False)
    run.step("OpenROAD.STAMidPNR", "-1")
    run.log("warning 3", "warning")
    steps = read_steps(run.path, ended=True)
    assert [step.step.removeprefix("OpenROAD.") for step in steps] == [
        *("STAMidPNR", "STAMidPNR-1", "STAMidPNR-2", "STAMidPNR-1")
    ]
    assert [step.warnings for step in steps] == [(f"warning {number}",) for number in range(4)]


def _states(folder: Path, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    folder.mkdir()
    (folder / "state_in.json").write_text(json.dumps({"metrics": before}))
    (folder / "state_out.json").write_text(json.dumps({"metrics": after}))


def test_metric_changes(tmp_path: Path) -> None:
    before = {"same": 1, "nan": math.nan, "less": 3, "gone": 1, "inf": math.inf}
    after = {"same": 1, "nan": math.nan, "less": 2, "new": "text", "inf": 1.5}
    _states(tmp_path / "01-a", before, after)
    assert metric_changes(tmp_path, "01-a") == {
        "less": (3, 2),
        "new": (None, "text"),
        "inf": (math.inf, 1.5),
    }


def test_of_many_changes_those_of_all_corners(tmp_path: Path) -> None:
    corners = {f"power__corner:{number}": number for number in range(300)}
    _states(tmp_path / "01-a", {}, {**corners, "power": 1})
    found = metric_changes(tmp_path, "01-a")
    assert (len(found), found["power"]) == (200, (None, 1))


def test_a_config_that_tells_no_step_is_read_again_only_when_it_changes(
    run: RunDirectory, reader: RunReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = run.begin("Yosys.Synthesis") / "config.json"
    config.write_text("{" * 1000)
    read = list[str]()

    def kind(path: Path, folder: str) -> str | None:
        read.append(folder)
        return kind_of_step(path, folder)

    monkeypatch.setattr("app.toolchains.librelane.reader.kind_of_step", kind)
    for _ in range(3):
        assert [step.step for step in reader.steps(ended=False)] == ["Yosys.Synthesis"]  # by log
    assert len(read) == 1
    config.write_text(json.dumps({"meta": {"step": "Yosys.VHDLSynthesis"}}))
    assert [step.step for step in reader.steps(ended=False)] == ["Yosys.VHDLSynthesis"]
    assert len(read) == 2
