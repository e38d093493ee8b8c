"""A run of LibreLane's Classic, played back: what it shows while it goes on, stops and goes on."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from app.executors.base import Command, Executor, Exit, Limits, Outcome
from app.executors.folders import remove
from app.toolchains.base import Earlier, FinishedStep, StepStatus, Verdict
from app.toolchains.librelane.toolchain import LibreLane
from tests.replay.installation import Replay
from tests.system.workers import wait_until
from tests.toolchains.conftest import MakeWorkdir
from tests.toolchains.jobs import run_prepared

CONFIG = {"DESIGN_NAME": "top", "flow": "Classic"}
FILES = {"top.v": "module top; endmodule\n"}


class Play:
    """A build that is played."""

    def __init__(
        self, replay: Replay, workdir: Path, earlier: Earlier | None = None, **config: str
    ) -> None:
        toolchain = LibreLane(replay.settings, replay.offers)
        self.workdir = workdir
        self.run = toolchain.prepare(
            toolchain.validate({**CONFIG, **config}, list(FILES)), workdir, earlier
        )
        self.end: Exit | None = None

    def statuses(self) -> list[StepStatus]:
        return [step.status for step in self.run.progress() or ()]

    def shows(self, expected: list[StepStatus]) -> bool:
        return self.statuses() == expected

    @contextmanager
    def started(self, executor: Executor) -> Iterator[threading.Event]:
        """Run it beside the block, which may set the event to stop it."""
        tool, stop = self.run.commands[0], threading.Event()
        limits = Limits(wall_seconds=400, grace_seconds=0.2)
        command = Command(tool.argv, self.workdir, tool.env, limits, tool.mounts)
        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(executor.run, command, lambda _: None, stop)
            try:
                yield stop
                self.end = ended.result()
            finally:
                stop.set()


def test_all_steps_are_played_in_order(
    replay: Replay, executor: Executor, make_workdir: MakeWorkdir
) -> None:
    workdir = make_workdir(FILES)
    play = Play(replay, workdir)
    assert play.statuses() == [StepStatus.PENDING] * len(replay.steps)
    result, output = run_prepared(play.run, executor, workdir)
    assert (result.ok, result.verdict) == (True, Verdict.CLEAN), output
    assert [step.step for step in play.run.progress() or ()] == replay.steps
    assert set(play.statuses()) == {StepStatus.COMPLETED}
    assert [step.step for step in play.run.finished()] == replay.steps


def test_all_files_are_kept_on_request(
    replay: Replay, executor: Executor, make_workdir: MakeWorkdir
) -> None:
    kept: list[set[str]] = []
    for keep in ("final", "all"):
        play = Play(replay, make_workdir(FILES), keep=keep)
        result, _ = run_prepared(play.run, executor, play.workdir)
        kept.append({file.name for file in result.files})
    states = {name for name in kept[1] - kept[0] if name.endswith("/state_out.json")}
    assert len(states) == len(replay.steps)
    assert kept[0] < kept[1]


def test_a_step_that_runs_is_between_those_that_are_over_and_those_to_come(
    replay: Replay, executor: Executor, make_workdir: MakeWorkdir
) -> None:
    play = Play(replay, make_workdir(FILES))
    places = (0, len(replay.steps) // 2, len(replay.steps) - 1)
    replay.set(hold=replay.steps[0])
    with play.started(executor):
        for place in places:
            replay.set(hold=replay.steps[place])
            expected = _statuses(place, len(replay.steps))
            wait_until(partial(play.shows, expected), f"step {place} runs")
        replay.set()
    assert play.end is not None
    assert play.end.ok


def _statuses(place: int, count: int) -> list[StepStatus]:
    before, after = [StepStatus.COMPLETED] * place, [StepStatus.PENDING] * (count - place - 1)
    return [*before, StepStatus.RUNNING, *after]


def test_a_run_that_is_stopped_leaves_what_it_finished(
    replay: Replay, executor: Executor, make_workdir: MakeWorkdir
) -> None:
    play = Play(replay, make_workdir(FILES))
    replay.set(hold=replay.steps[20])
    with play.started(executor) as stop:
        wait_until(lambda: len(play.run.finished()) == 20, "twenty steps have finished")
        stop.set()
    assert play.end is not None
    assert play.end.outcome is Outcome.STOPPED
    assert [step.step for step in play.run.finished()] == replay.steps[:20]


#: Of so many steps one, to be fast; the slow suite takes all.
_EACH = 9


@pytest.mark.parametrize("each", [_EACH, pytest.param(1, marks=pytest.mark.slow)])
def test_a_run_goes_on_after_any_step_and_ends_the_same(
    replay: Replay, executor: Executor, make_workdir: MakeWorkdir, tmp_path: Path, each: int
) -> None:
    workdir = make_workdir(FILES)
    whole = Play(replay, workdir)
    expected, _ = run_prepared(whole.run, executor, workdir)
    kept = whole.run.finished()
    shutil.copytree(workdir / "run", tmp_path / "kept" / "run")
    for count in range(1, len(kept) + 1, each):
        remove(workdir / "run")
        resumed = Play(replay, workdir, _earlier(whole, kept[:count], tmp_path / "kept", executor))
        result, output = run_prepared(resumed.run, executor, workdir)
        assert result.metrics == expected.metrics, output
        assert [step.folder for step in resumed.run.finished()] == [step.folder for step in kept]
        restored = len(resumed.run.restored)
        assert output.count("Running '") == len(replay.steps) - restored
        # The first steps, which check the sources, leave no files to go on from.
        assert restored == min(count, len(kept) - 1) or (restored == 0 and count < 6)


def _earlier(play: Play, steps: list[FinishedStep], kept: Path, executor: Executor) -> Earlier:
    def fetch(step: FinishedStep) -> None:
        shutil.copytree(kept / step.folder, play.workdir / step.folder)

    inside = executor.inside(play.workdir)
    return Earlier(play.run.tools, tuple(steps), fetch, inside)
