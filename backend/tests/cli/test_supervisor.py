"""The supervisor with real processes: shell scripts stand in for the servers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.cli.running import AlreadyRunningError, find, is_held, only_one
from app.cli.stack import BACKEND, Stack, description_file
from tests.system.workers import wait_until

Run = Callable[[str], "Running"]


class Running:
    """A supervisor of stand-ins as a process of its own."""

    def __init__(self, data: Path, kind: str) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.cli.stand_ins", str(data), kind],
            cwd=BACKEND,
            stdout=subprocess.PIPE,
            text=True,
        )

    def description(self) -> dict[str, Any]:
        return find(self.data) or {"pids": {}, "ready": False}

    def pids(self) -> dict[str, int]:
        pids: dict[str, int] = self.description()["pids"]
        return pids

    def wait_ready(self) -> dict[str, int]:
        wait_until(lambda: self.description()["ready"], "the stand-ins are ready")
        return self.pids()

    def end(self) -> str:
        """Stop it and return what it has said."""
        self.process.terminate()
        return self.process.communicate(timeout=60)[0]

    def ended(self) -> list[str]:
        """Return the parts that were asked to end, in order."""
        return (self.data / "ended").read_text().split()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started = []

    def run(kind: str) -> Running:
        started.append(Running(tmp_path / "data", kind))
        return started[-1]

    yield run
    for one in started:
        one.end()


def lives(pid: int) -> bool:
    """Return whether a process exists; one that its parent has not asked about is gone, too."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_part_that_is_killed_is_started_again_alone(run: Run) -> None:
    running = run("good")
    before = running.wait_ready()
    os.kill(before["worker"], signal.SIGKILL)
    wait_until(lambda: running.pids()["worker"] not in (0, before["worker"]), "there is another")
    after = running.pids()
    assert {name for name in before if before[name] != after[name]} == {"worker"}
    words = running.end()
    assert f"worker has died (status -9); its log: {running.data}/logs/worker.log" in words
    assert f"worker started again (process {after['worker']})" in words


def test_a_part_that_dies_again_and_again_is_left_dead_for_a_while(run: Run) -> None:
    running = run("good")
    running.wait_ready()
    for _ in range(2):
        pid = running.pids()["flower"]
        os.kill(pid, signal.SIGKILL)
        gone = {0, pid}
        wait_until(partial(_is_another, running, gone), "it is back")
    assert running.end().count("flower started again") == 2


def _is_another(running: Running, gone: set[int]) -> bool:
    return running.pids()["flower"] not in gone


def test_it_stops_the_api_first_and_redis_last(run: Run) -> None:
    running = run("good")
    pids = running.wait_ready()
    running.end()
    ended = running.ended()
    assert (ended[0], sorted(ended[1:3]), ended[3:]) == ("api", ["flower", "worker"], ["redis"])
    assert not any(lives(pid) for pid in pids.values())
    assert not description_file(running.data).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it_also_stops_when_its_terminal_says_so(run: Run, number: signal.Signals) -> None:
    running = run("good")
    pids = running.wait_ready()
    running.process.send_signal(number)
    assert running.process.wait(60) == 0
    assert not any(lives(pid) for pid in pids.values())


def test_a_part_that_does_not_stop_is_killed(run: Run) -> None:
    running = run("stubborn")
    pids = running.wait_ready()
    running.end()
    assert "worker" in running.ended()
    assert not lives(pids["worker"])


def test_a_supervisor_that_is_killed_leaves_nothing(run: Run) -> None:
    running = run("good")
    pids = running.wait_ready()
    running.process.kill()
    wait_until(lambda: not any(lives(pid) for pid in pids.values()), "all have ended")
    assert not is_held(running.data)
    assert find(running.data) is None


def test_a_part_that_does_not_start_ends_all(run: Run) -> None:
    running = run("hopeless")
    words = running.process.communicate(timeout=60)[0]
    assert "worker did not start: nothing works (its log: " in words
    assert {"api", "flower", "redis"} >= set(running.ended())
    assert not is_held(running.data)


def test_a_part_that_is_slow_is_told_of(run: Run) -> None:
    running = run("slow")
    assert running.process.stdout is not None
    log = running.data / "logs" / "worker.log"
    assert f"waiting for worker: looking around (its log: {log})\n" in running.process.stdout
    (running.data / "go").touch()
    running.wait_ready()


def test_logs_of_the_last_run_are_kept(run: Run) -> None:
    for _ in range(2):
        running = run("good")
        running.wait_ready()
        running.end()
    assert {path.name for path in (running.data / "logs").iterdir()} >= {"api.log", "api.log.1"}


def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(AlreadyRunningError, match=f"runs on {tmp_path} already"),
        only_one(tmp_path),
    ):
        pass
    with only_one(tmp_path):
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_what_a_killed_supervisor_left_is_ended_first(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    with _sleep(tmp_path) as ours, _sleep(tmp_path / "other") as foreign:
        stack.write_description({"redis": ours.pid, "api": foreign.pid, "worker": 0}, ready=True)
        with only_one(tmp_path):
            # The child is ours, so it is a zombie until it is asked about.
            assert ours.wait(60) != 0
            assert foreign.poll() is None
        foreign.terminate()


def _sleep(data: Path) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "A6HUB_DATA_DIR": str(data)}
    return subprocess.Popen(["sleep", "600"], env=environment)


def test_passwords_are_this_users_alone_and_stay(tmp_path: Path) -> None:
    first, second = Stack(tmp_path), Stack(tmp_path)
    assert first.admin_password == second.admin_password
    assert first.admin_password != first.redis_password
    for path in (tmp_path / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600


def test_ports_are_different_and_can_be_chosen(tmp_path: Path) -> None:
    ports = Stack(tmp_path, api_port=8123).ports
    assert ports.api == 8123
    assert len({ports.redis, ports.api, ports.flower}) == 3


def test_a_half_written_description_is_none(tmp_path: Path) -> None:
    with only_one(tmp_path):
        assert find(tmp_path) is None
        description_file(tmp_path).parent.mkdir()
        description_file(tmp_path).write_text(json.dumps({"url": "x"})[:-2])
        assert find(tmp_path) is None
