"""The demo's verdict: nothing that is missing or wrong goes unnoticed."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app.cli.demo_live import STEP_LINES, Event, Printer, View
from app.cli.demo_report import Outcome, report

GDS = b"\x00\x06\x00\x02\x00\x07" + b"layout"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
VCD = b"$timescale 1ps $end\n$enddefinitions $end\n#0\n"
CLEAN = {"klayout__drc_error__count": 0, "design__lvs_error__count": 0}


def make_outcome(folder: Path, job: dict[str, Any], files: dict[tuple[str, str], bytes]) -> Outcome:
    artifacts = []
    for (name, kind), content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        key = f"jobs/1/attempts/1/artifacts/{name}"
        artifacts.append({"name": name, "kind": kind, "size": len(content), "key": key})
    common = {"id": 1, "status": "completed", "message": "words", "metrics": {}, "steps": []}
    return Outcome(common | job, artifacts, folder)


def build(folder: Path, *, gds: bytes = GDS, png: bytes = PNG, **job: Any) -> Outcome:
    job = {"job_type": "build", "verdict": "clean", "metrics": CLEAN} | job
    files = {
        ("01/render.png", "picture"): b"of a step",
        ("final/gds/spm.gds", "gds"): gds,
        ("final/render/spm.png", "picture"): png,
        ("flow.log", "log"): b"words",
    }
    return make_outcome(folder, job, files)


def simulation(folder: Path, *, vcd: bytes = VCD, **job: Any) -> Outcome:
    job = {"job_type": "simulation", "verdict": "passed"} | job
    return make_outcome(folder, job, {("spm.vcd", "waveform"): vcd})


def test_all_is_there(tmp_path: Path) -> None:
    assert not list(build(tmp_path).missing())
    assert not list(simulation(tmp_path).missing())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"status": "failed"}, "the build is failed: words"),
        ({"verdict": "violations"}, "the build is not clean: words"),
        ({"gds": b""}, "there is no GDSII"),
        ({"gds": b"no layout"}, "there is no GDSII"),
        ({"png": b""}, "there is no picture"),
        ({"metrics": {}}, "DRC errors: not known"),
        ({"metrics": CLEAN | {"klayout__drc_error__count": 3}}, "DRC errors: 3"),
        ({"metrics": CLEAN | {"design__lvs_error__count": 1}}, "LVS errors: 1"),
    ],
)
def test_a_build_that_is_not_whole(tmp_path: Path, changed: dict[str, Any], words: str) -> None:
    assert words in list(build(tmp_path, **changed).missing())


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"status": "cancelled"}, "the simulation is cancelled: words"),
        ({"verdict": "failed"}, "the simulation did not pass"),
        ({"vcd": b"$timescale 1ps $end\n"}, "there is no VCD"),
    ],
)
def test_a_simulation_that_is_not_whole(
    tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    assert words in list(simulation(tmp_path, **changed).missing())


def test_the_report_says_where_everything_is(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    assert report(console, [build(tmp_path)], "http://here")
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "http://here/jobs/1" in text
    assert f"layout picture: {tmp_path}/final/render/spm.png" in text
    assert "in the store: jobs/1/attempts/1/artifacts/" in text
    assert "1 logs, reports and others" in text
    assert "everything is there" in text


def test_the_report_says_what_is_missing(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), width=120)
    assert not report(console, [build(tmp_path, gds=b"")], None)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "there is no GDSII" in text
    assert "/jobs/1\n" not in text  # the stack is about to end
    assert "everything is there" not in text


def test_lines_are_put_together_from_pieces() -> None:
    view = View("build")
    assert view.take(Event("build", "log", {"text": "one\ntw"})) == ["one"]
    assert view.take(Event("build", "job", {"status": "running", "current_step": "DRC"})) == []
    assert view.take(Event("build", "log", {"text": "o\n"})) == ["two"]
    assert view.take(Event("build", "log", {"text": "rest"})) == []
    assert view.take(Event("build", "end", {})) == ["rest"]


def test_without_a_terminal_long_steps_are_shortened() -> None:
    console = Console(file=io.StringIO(), width=80)
    printer = Printer(console, {"build": View("build")})
    lines = "".join(f"line {number}\n" for number in range(STEP_LINES + 5))
    printer.show(Event("build", "log", {"text": lines}))
    printer.show(Event("build", "job", {"status": "running", "current_step": "Routing [met1]"}))
    printer.show(Event("build", "log", {"text": "last\n"}))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"line {STEP_LINES - 1}\n" in text
    assert f"line {STEP_LINES}\n" not in text
    assert text.endswith(
        "     build | ... 5 more lines\n     build > Routing [met1]\n     build | last\n"
    )
