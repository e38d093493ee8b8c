"""The reader on run directories that others' builds have left.

They are large and not part of the project: A6HUB_LIBRELANE_RUNS names the folder they are in.
"""

import os
from pathlib import Path

import pytest

from app.toolchains.base import StepStatus, Verdict
from app.toolchains.librelane.artifacts import collect_files
from app.toolchains.librelane.run_directory import read_steps
from app.toolchains.librelane.verdict import judge

_FOLDER = os.environ.get("A6HUB_LIBRELANE_RUNS")
pytestmark = pytest.mark.skipif(not _FOLDER, reason="A6HUB_LIBRELANE_RUNS is not set")


def _run(name: str) -> Path:
    return Path(_FOLDER or "") / name


def test_clean_run() -> None:
    run = _run("tt_4bit_alu__ll303_ok")
    found = judge(run, 0)
    assert (found.verdict, len(found.metrics)) == (Verdict.CLEAN, 302)
    steps = read_steps(run, ended=True)
    assert len(steps) == 72
    assert {step.status for step in steps} == {StepStatus.COMPLETED}
    kinds = {file.name: file.kind for file in collect_files(run).files}
    assert kinds["final/gds/tt_um_josue_olivos_alu.gds"] == "gds"
    assert kinds["final/render/tt_um_josue_olivos_alu.png"] == "picture"


def test_failed_run() -> None:
    run = _run("adder__ol219_fail_pdn")
    found = judge(run, 0)
    assert (found.finished, found.verdict) == (False, Verdict.FAILED)
    assert found.message.startswith("Power Grid failed: [PDN-0185] Insufficient width (13.34 um)")
    assert [step.name for step in read_steps(run, ended=True)][-1] == "Power Grid"


def test_run_with_violations() -> None:
    found = judge(_run("aoc12_aggressive__ll242_setupviol"), 0)
    assert found.verdict is Verdict.VIOLATIONS
    assert (
        "1571 setup violations (worst slack -5.893 ns in corner max_ss_100C_1v60)" in found.message
    )
    assert "9 antenna violations" in found.message
