"""What becomes of a command when the worker dies, and what the keeper withstands."""

import errno
import gc
import signal
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.executors import supervise
from app.executors.base import Executor, Limits, Outcome
from app.executors.cgroups import make_group
from app.executors.process import ProcessExecutor
from tests.executors.runs import HOLD, Run, is_free, start_worker, wait_until_free


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_dies_with_the_worker(
    executor: Executor, settings: Settings, tmp_path: Path, death: signal.Signals
) -> None:
    script = HOLD + "trap '' TERM HUP; setsid sh -c 'exec 9>lock; flock 9; echo up; sleep 1000'"
    with start_worker(settings, tmp_path, script) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"up\n"
        worker.send_signal(death)
        wait_until_free(tmp_path)
    executor.sweep(lambda _: False)


def test_killed_keeper_is_noticed(tmp_path: Path) -> None:
    """A command without confinement can kill its keeper; the run ends all the same."""
    done = Run(ProcessExecutor(), tmp_path, "kill -KILL $PPID; sleep 0.1")
    assert done.end.outcome is Outcome.SIGNALLED


def descriptors() -> int:
    """Return how many this process has open."""
    return len([*Path("/proc/self/fd").iterdir()])


def test_worker_keeps_no_descriptors(executor: Executor, tmp_path: Path) -> None:
    Run(executor, tmp_path, "true")
    gc.collect()  # or what earlier tests left is closed meanwhile
    before = descriptors()
    for _ in range(3):
        Run(executor, tmp_path, "true")
    assert descriptors() == before


def test_a_keeper_that_cannot_be_started_costs_no_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise BlockingIOError(errno.EAGAIN, "there are too many processes")

    monkeypatch.setattr(supervise, "_start_keeper", refuse)
    gc.collect()
    before = descriptors()
    done = Run(ProcessExecutor(), tmp_path, "true")
    assert (done.end.outcome, done.end.ok) == (Outcome.NOT_STARTED, False)
    assert descriptors() == before


def test_commands_give_way_to_others(tmp_path: Path) -> None:
    """On a busy machine: the kernel shares by the weights of control groups."""
    group = make_group(Limits(1))
    if group.cpu is None:
        group.remove()
        pytest.skip("no control group with a weight can be made here")
    files = [group.cpu / "cpu.shares", group.cpu / "cpu.weight"]
    weights = [file.read_text().strip() for file in files if file.exists()]
    group.remove()
    assert weights in (["256"], ["25"])  # others: 1024, 100
    done = Run(ProcessExecutor(), tmp_path, "cat /proc/self/cgroup")
    paths = [line.split(":", 2)[1:] for line in done.output.splitlines()]
    assert any(
        Path(path).name.startswith("a6hub-")
        for names, path in paths
        if names == "" or "cpu" in names.split(",")
    ), paths


def test_command_gets_no_descriptors(executor: Executor, tmp_path: Path) -> None:
    done = Run(executor, tmp_path, "ls /proc/self/fd | wc -l")
    assert int(done.output) <= 4  # 0, 1, 2 and the folder that ls reads


def test_lock_tells_the_truth(executor: Executor, tmp_path: Path) -> None:
    """The other tests rest on this one: the lock is held while the command runs."""
    free: list[bool] = []

    class Looking(Run):
        def _take(self, piece: bytes) -> None:
            free.append(is_free(tmp_path))
            self._stop.set()

    Looking(executor, tmp_path, HOLD + "hold; echo; sleep 1000")
    assert free == [False]
