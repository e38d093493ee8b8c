"""Putting back what an earlier run has finished."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.toolchains.base import BadInputError, Earlier, FinishedStep
from app.toolchains.librelane.equipment import Equipment
from app.toolchains.librelane.image import InImage
from app.toolchains.librelane.pdks import Pdk
from app.toolchains.librelane.plan import Plan
from app.toolchains.librelane.resume import Resumption, resume, usable
from app.toolchains.librelane.toolchain import LibreLaneRun
from tests.toolchains.librelane.rundirs import RunDirectory

FLOW = ("A.One", "A.Two", "Checker.Three", "A.Four", "A.Five")
TOOLS = "librelane 1"
INSIDE = Path("/job")


class Before:
    """The job's folder of an earlier attempt, whose steps are made one by one."""

    def __init__(self, folder: Path, inside: Path = INSIDE) -> None:
        self.folder = folder
        self.inside = inside
        self.steps: list[FinishedStep] = []

    def step(self, step: str, *, view: bool = True, deferred: bool = False) -> Path:
        name = f"run/build/{len(self.steps) + 1:02}-{step.lower().replace('.', '-')}"
        folder = self.folder / name
        folder.mkdir(parents=True)
        made = self.inside / name / "made.v"
        state = {"nl": str(made), "metrics": {"n": 1}} if view else {"metrics": {"n": 1}}
        (folder / "made.v").touch()
        (folder / "config.json").write_text(json.dumps({"FILES": [f"{self.inside}/source/a.v"]}))
        (folder / "state_in.json").write_text(json.dumps(state))
        if not deferred:
            (folder / "state_out.json").write_text(json.dumps(state))
        self.steps.append(FinishedStep(step, name))
        return folder

    def earlier(self, into: Path, inside: Path = INSIDE, is_chosen: bool = False) -> Earlier:
        def fetch(step: FinishedStep) -> None:
            shutil.copytree(self.folder / step.folder, into / step.folder)

        return Earlier(TOOLS, tuple(self.steps), fetch, inside, is_chosen)


@pytest.fixture
def before(tmp_path: Path) -> Before:
    made = Before(tmp_path / "before")
    made.step("A.One", view=False)
    made.step("A.Two")
    made.step("Checker.Three")
    return made


@pytest.fixture
def now(tmp_path: Path) -> Path:
    return tmp_path / "now"


def _resume(
    now: Path,
    earlier: Earlier | None,
    begin: str | None = None,
    tools: str = TOOLS,
    end: str | None = None,
) -> Resumption | None:
    return resume(now, earlier, Plan("Flow", FLOW, begin, end), tools)


def _names(steps: Sequence[FinishedStep]) -> list[str]:
    return [step.step for step in steps]


def test_it_goes_on_after_the_last_that_finished(before: Before, now: Path) -> None:
    found = _resume(now, before.earlier(now))
    assert found is not None
    assert _names(found.steps) == list(FLOW[:3])
    assert found.options == (
        *("--with-initial-state", "run/build/03-checker-three/state_out.json"),
        *("--from", "A.Four"),
    )
    assert (now / "run/build/02-a-two/made.v").is_file()


def test_a_checker_whose_error_was_deferred_leaves_the_state_that_it_was_given(
    before: Before, now: Path
) -> None:
    before.step("A.Four", deferred=True)
    found = _resume(now, before.earlier(now))
    assert found is not None
    assert found.state == "run/build/04-a-four/state_in.json"


def test_the_last_step_is_always_done_again(before: Before, now: Path) -> None:
    before.step("A.Four")
    before.step("A.Five")
    found = _resume(now, before.earlier(now))
    assert found is not None
    assert found.next_step == "A.Five"
    assert not (now / "run/build/05-a-five").exists()


@pytest.mark.parametrize("is_chosen", [True, False])
def test_what_it_is_to_end_with_is_left_to_do(before: Before, now: Path, is_chosen: bool) -> None:
    before.step("A.Four")
    found = _resume(now, before.earlier(now, is_chosen=is_chosen), end="Checker.Three")
    assert found is not None
    assert found.next_step == "Checker.Three"


def test_a_job_that_began_in_the_midst_goes_on_after_what_it_did_there(
    before: Before, now: Path
) -> None:
    found = _resume(now, before.earlier(now), "A.Two")
    assert found is not None
    assert found.next_step == "A.Four"


def test_a_job_that_began_in_the_midst_begins_no_sooner(before: Before, now: Path) -> None:
    (before.folder / "run/build/02-a-two/made.v").unlink()
    (before.folder / "run/build/03-checker-three/made.v").unlink()
    with pytest.raises(BadInputError, match=r"before Checker\.Three are gone"):
        _resume(now, before.earlier(now), "Checker.Three")


def test_a_state_that_is_cut_off_is_none(before: Before, now: Path) -> None:
    (before.folder / "run/build/03-checker-three/state_out.json").write_text("{")
    found = _resume(now, before.earlier(now))
    assert found is not None
    assert found.next_step == "Checker.Three"


def test_a_state_without_views_is_none_to_librelane(now: Path, tmp_path: Path) -> None:
    before = Before(tmp_path / "before")
    before.step("A.One", view=False)
    assert _resume(now, before.earlier(now)) is None
    assert not (now / "run/build/01-a-one").exists()


def test_nothing_earlier(now: Path) -> None:
    assert _resume(now, None) is None


def test_other_tools(before: Before, now: Path) -> None:
    assert _resume(now, before.earlier(now), tools="librelane 2") is None
    assert not (now / "run").exists()


@pytest.mark.parametrize("what", ["view", "state", "garbage"])
def test_a_step_that_is_not_whole_is_done_again(before: Before, now: Path, what: str) -> None:
    folder = before.folder / "run/build/03-checker-three"
    if what == "view":
        (folder / "made.v").unlink()
    else:
        text = "" if what == "state" else '{"nl": "/etc/passwd", "metrics": {}}'
        (folder / "state_out.json").write_text(text)
        (folder / "state_in.json").write_text(text)
    found = _resume(now, before.earlier(now))
    assert found is not None
    assert found.next_step == "Checker.Three"
    assert not (now / "run/build/03-checker-three").exists()


@pytest.mark.parametrize("fault", [FileNotFoundError("lost"), ValueError("rotten")])
def test_what_the_store_has_lost_is_done_again(before: Before, now: Path, fault: Exception) -> None:
    whole = before.earlier(now)

    def fetch(step: FinishedStep) -> None:
        if step.step == "Checker.Three":
            (now / step.folder).mkdir(parents=True)
            raise fault
        whole.fetch(step)

    found = _resume(now, replace(whole, fetch=fetch))
    assert found is not None
    assert found.next_step == "Checker.Three"
    assert not (now / "run/build/03-checker-three").exists()


def test_paths_follow_the_jobs_folder(now: Path, tmp_path: Path) -> None:
    old = tmp_path / 'old "name"'
    before = Before(tmp_path / "before", inside=old)
    before.step("A.One", view=False)
    before.step("A.Two")
    found = _resume(now, before.earlier(now, inside=now))
    assert found is not None
    state = json.loads((now / found.state).read_text())
    assert state["nl"] == f"{now}/run/build/02-a-two/made.v"
    config = json.loads((now / "run/build/01-a-one/config.json").read_text())
    assert config["FILES"] == [f"{now}/source/a.v"]


def test_a_chosen_step(before: Before, now: Path) -> None:
    found = _resume(now, before.earlier(now, is_chosen=True), "Checker.Three")
    assert found is not None
    assert _names(found.steps) == ["A.One", "A.Two"]
    assert found.next_step == "Checker.Three"


def test_the_first_step_needs_none_before(before: Before, now: Path) -> None:
    assert _resume(now, before.earlier(now, is_chosen=True), "A.One") is None


@pytest.mark.parametrize(
    ("begin", "tools", "words"),
    [
        ("A.Five", TOOLS, "A.Four has not finished"),
        ("Checker.Three", "librelane 2", "with other tools"),
        (None, "librelane 2", "with other tools"),
    ],
)
def test_a_choice_that_cannot_be_kept_is_refused(
    before: Before, now: Path, begin: str | None, tools: str, words: str
) -> None:
    with pytest.raises(BadInputError, match=words) as refused:
        _resume(now, before.earlier(now, is_chosen=True), begin, tools)
    assert refused.value.field == "config.from"


def test_a_chosen_step_whose_files_are_gone(before: Before, now: Path) -> None:
    (before.folder / "run/build/02-a-two/made.v").unlink()
    with pytest.raises(BadInputError, match="are gone"):
        _resume(now, before.earlier(now, is_chosen=True), "Checker.Three")


def test_a_chosen_step_with_nothing_before(now: Path) -> None:
    with pytest.raises(BadInputError, match="no finished steps"):
        _resume(now, None, "A.Two")


def test_a_flow_without_fixed_steps(before: Before, now: Path) -> None:
    plan = Plan("Flow", ())
    assert resume(now, before.earlier(now), plan, TOOLS) is None
    with pytest.raises(BadInputError, match="no fixed steps"):
        resume(now, before.earlier(now, is_chosen=True), plan, TOOLS)


def test_steps_that_are_switched_off_leave_a_gap() -> None:
    steps = [FinishedStep(name, name) for name in ("A.One", "Checker.Three", "A.Four")]
    assert _names(usable(steps, FLOW, None)) == ["A.One", "Checker.Three", "A.Four"]


@pytest.mark.parametrize(
    "names", [["A.Two", "A.One"], ["A.One", "Odb.Unknown"], ["A.One", "A.One"]]
)
def test_only_what_follows_the_flows_order_is_used(names: list[str]) -> None:
    steps = [FinishedStep(name, name) for name in names]
    assert _names(usable(steps, FLOW, None)) == names[:1]


def test_a_step_has_finished_when_its_last_file_is_written(tmp_path: Path) -> None:
    pdk = Pdk("sky130A", "1", "folder", tmp_path, in_use=True)
    equipment = Equipment(InImage("librelane@sha256:0", Settings()), pdk)
    run = RunDirectory(tmp_path / "run" / "build")
    run.step("A.One")
    folder = run.begin("A.Two")
    (folder / "state_out.json").write_text('{"nl": "cut of')
    now = LibreLaneRun(tmp_path, equipment, Plan("Flow", FLOW))
    assert _names(now.finished()) == ["A.One"]
    (folder / "state_out.json").write_text("{}")
    (folder / "runtime.txt").write_text("00:00:01.000")
    assert _names(now.finished()) == ["A.One", "A.Two"]
