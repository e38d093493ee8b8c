"""What holds for every executor."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.executors.base import Executor, Outcome
from tests.executors.runs import HOLD, Run, environment, is_free, make_command, run

_CLEANS_UP = """
import signal, sys

def clean_up(*_):
    print("cleaned")
    sys.exit(0)

signal.signal(signal.SIGTERM, clean_up)
print("ready", flush=True)
while True:
    signal.pause()
"""

_COUNTING_WORKER = """
import sys
from pathlib import Path
from app.executors.registry import make_executor
from app.core.settings import Settings
from tests.executors.runs import make_command, run

total = largest = 0
def count(piece):
    global total, largest
    total, largest = total + len(piece), max(largest, len(piece))
words = ("head", "-c", "1000000000", "/dev/zero")
command = make_command(Path(sys.argv[1]), words, wall_seconds=500)
assert run(make_executor(Settings()), command, count).ok
# Not getrusage(), which counts what this process was before exec(2).
[peak] = [l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM")]
print(total, largest, peak)
"""


def test_status(executor: Executor, tmp_path: Path) -> None:
    assert Run(executor, tmp_path, "exit 0").end.ok
    failed = Run(executor, tmp_path, "exit 3").end
    assert (failed.outcome, failed.code, failed.signal) == (Outcome.EXITED, 3, None)


def test_signal(executor: Executor, tmp_path: Path) -> None:
    end = Run(executor, tmp_path, "kill -SEGV $$").end
    assert (end.outcome, end.signal) == (Outcome.SIGNALLED, signal.SIGSEGV)
    assert "SIGSEGV" in end.message


def test_output_is_merged_in_order(executor: Executor, tmp_path: Path) -> None:
    done = Run(executor, tmp_path, "echo 1; echo 2 >&2; echo 3; printf 4 >&2")
    assert done.output == "1\n2\n3\n4"


def test_environment_is_what_was_given(
    executor: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A6HUB_SECRET", "s3cret")
    done = Run(executor, tmp_path, "env", env={"GIVEN": "1 2"})
    found = dict(line.split("=", 1) for line in done.output.splitlines())
    assert found["GIVEN"] == "1 2"
    assert set(found) <= {"GIVEN", "PATH", "HOME", "TMPDIR", "PWD", "SHLVL", "_"}


def test_given_environment_wins(executor: Executor, tmp_path: Path) -> None:
    done = Run(executor, tmp_path, 'echo "$HOME"', env={"HOME": "/nowhere"})
    assert done.output == "/nowhere\n"


def test_starts_in_the_jobs_folder(executor: Executor, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    assert Run(executor, tmp_path, "echo x > here").end.ok
    assert Run(executor, tmp_path, "cat ../here > copy", start_in="below").end.ok
    assert (tmp_path / "below" / "copy").read_text() == "x\n"


def test_has_a_place_for_temporary_files(executor: Executor, tmp_path: Path) -> None:
    assert Run(executor, tmp_path, 'f=$(mktemp) && test -w "$f"').end.ok
    assert list(tmp_path.iterdir()) == []


def test_standard_input_is_empty(executor: Executor, tmp_path: Path) -> None:
    assert Run(executor, tmp_path, "cat; echo end").output == "end\n"


def test_stop_lets_a_tool_clean_up(executor: Executor, tmp_path: Path) -> None:
    # Not a shell, which would hear of the signal only after a child that it has just started.
    (tmp_path / "tool.py").write_text(_CLEANS_UP)
    done = Run(executor, tmp_path, "exec python3 tool.py", stop_at=b"ready", grace_seconds=50)
    assert done.end.outcome is Outcome.STOPPED
    assert done.output.endswith("cleaned\n")


def test_stop_tells_the_children_too(executor: Executor, tmp_path: Path) -> None:
    """A tool that waits for its children lets them clean up, also those in a session of their own."""
    (tmp_path / "child.py").write_text(_CLEANS_UP)
    script = "trap : TERM; setsid python3 child.py & wait $!; wait $!"
    done = Run(executor, tmp_path, script, stop_at=b"ready", grace_seconds=50)
    assert done.end.outcome is Outcome.STOPPED
    assert done.output.endswith("cleaned\n")


def test_stop_kills_what_ignores_it(executor: Executor, tmp_path: Path) -> None:
    script = HOLD + "trap '' TERM; hold; echo ready; while :; do sleep 0.1; done"
    done = Run(executor, tmp_path, script, stop_at=b"ready", grace_seconds=0.2)
    assert (done.end.outcome, done.end.signal) == (Outcome.STOPPED, signal.SIGKILL)
    assert is_free(tmp_path)


def test_stop_before_the_start(executor: Executor, tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    end = executor.run(make_command(tmp_path, ("sleep", "1000")), lambda _: None, stop)
    assert end.outcome is Outcome.STOPPED


def test_wall_clock(executor: Executor, tmp_path: Path) -> None:
    done = Run(executor, tmp_path, "sleep 1000", wall_seconds=0.2)
    assert done.end.outcome is Outcome.TIMED_OUT
    assert "0.2 s" in done.end.message


def test_nothing_is_left_of_a_daemon(executor: Executor, tmp_path: Path) -> None:
    daemon = "setsid sh -c 'trap \"\" TERM HUP; hold; echo up >fifo; sleep 1000' >/dev/null 2>&1"
    script = f"mkfifo fifo; (({daemon}) &); read line <fifo; echo $line"
    done = Run(executor, tmp_path, script.replace("hold;", "exec 9>lock; flock 9;"))
    assert (done.end.ok, done.output) == (True, "up\n")
    assert is_free(tmp_path)


def test_nothing_is_left_of_a_background_process(executor: Executor, tmp_path: Path) -> None:
    """Which keeps the output open, so that waiting for its end would be waiting for ever."""
    done = Run(
        executor, tmp_path, HOLD + "mkfifo f; (hold; echo >f; sleep 1000) & read x <f; echo out"
    )
    assert (done.end.ok, done.output) == (True, "out\n")
    assert is_free(tmp_path)


def test_nothing_is_left_when_the_sink_breaks(executor: Executor, tmp_path: Path) -> None:
    def broken(_: bytes) -> None:
        raise RuntimeError("log is away")

    script = HOLD + "hold; echo x; sleep 1000"
    with pytest.raises(RuntimeError, match="log is away"):
        run(executor, make_command(tmp_path, ("sh", "-c", script)), broken)
    assert is_free(tmp_path)


def test_memory(limited: Executor, tmp_path: Path) -> None:
    eater = "python3 -c 'x = b\"x\" * (500 << 20); import time; time.sleep(1000)'"
    done = Run(limited, tmp_path, eater, memory_bytes=150 << 20)
    assert done.end.outcome is Outcome.OUT_OF_MEMORY
    assert "150 MiB" in done.end.message


def test_processes(limited: Executor, tmp_path: Path) -> None:
    # So few beyond the limit that those who only look on come to see them: none fails to start.
    script = "i=0; while [ $i -lt 25 ]; do sleep 1000 & i=$((i+1)); done; wait"
    done = Run(limited, tmp_path, script, processes=20)
    assert done.end.outcome is Outcome.TOO_MANY_PROCESSES


def test_fork_bomb(limited: Executor, tmp_path: Path) -> None:
    # It ends at 2,047 processes: without confinement, one without end fills a busy machine.
    deeper = '"$0" $(($1 + 1)) &'
    bomb = f"exec 9>lock; flock -s 9; [ $1 -gt 9 ] && exec sleep 1000; {deeper} {deeper} wait\n"
    (tmp_path / "bomb").write_text(bomb)
    (tmp_path / "bomb").chmod(0o755)
    script = "sh -c './bomb 0'; sleep 1000"
    done = Run(limited, tmp_path, script, processes=40, wall_seconds=2)
    assert done.end.outcome in (Outcome.TOO_MANY_PROCESSES, Outcome.TIMED_OUT)
    assert is_free(tmp_path)


def test_disk(executor: Executor, tmp_path: Path) -> None:
    script = "for i in 1 2 3 4 5; do head -c 5000000 /dev/zero > f$i; done; sleep 1000"
    done = Run(executor, tmp_path, script, disk_bytes=20_000_000)
    assert done.end.outcome is Outcome.DISK_FULL


def test_size_of_one_file(executor: Executor, tmp_path: Path) -> None:
    end = Run(executor, tmp_path, "exec head -c 5000000 /dev/zero > f", file_bytes=1_000_000).end
    assert (end.outcome, end.signal) == (Outcome.DISK_FULL, signal.SIGXFSZ)
    assert (tmp_path / "f").stat().st_size == 1_000_000


def test_a_gigabyte_of_output(executor: Executor, settings: Settings, tmp_path: Path) -> None:
    """Comes whole, in small pieces, and the worker keeps none of it."""
    done = subprocess.run(
        [sys.executable, "-c", _COUNTING_WORKER, str(tmp_path)],
        capture_output=True,
        env=os.environ | environment(settings),
        check=True,
    )
    total, largest, peak_kilobytes = map(int, done.stdout.split())
    assert total == 1_000_000_000
    assert largest <= 65536
    assert peak_kilobytes < 200 << 10


def test_usage(executor: Executor, tmp_path: Path) -> None:
    usage = Run(executor, tmp_path, "python3 -c 'x = b\"x\" * (60 << 20)'").end.usage
    assert usage.cpu_seconds is not None
    assert usage.cpu_seconds > 0
    assert usage.start_seconds is not None
    assert usage.start_seconds > 0
    assert usage.peak_memory_bytes is not None
    assert 60 << 20 < usage.peak_memory_bytes < 200 << 20


def test_missing_program(executor: Executor, tmp_path: Path) -> None:
    end = run(executor, make_command(tmp_path, ("no-such-tool", "-x")))
    assert end.outcome is Outcome.NOT_STARTED
    assert end.message.startswith("no-such-tool was not found")


def test_program_that_may_not_be_run(executor: Executor, tmp_path: Path) -> None:
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    end = run(executor, make_command(tmp_path, ("./tool",)))
    assert end.outcome is Outcome.NOT_STARTED
    assert "tool" in end.message


def test_missing_folder(executor: Executor, tmp_path: Path) -> None:
    end = run(executor, make_command(tmp_path / "gone", ("true",)))
    assert end.outcome is Outcome.NOT_STARTED


def test_two_at_once(executor: Executor, tmp_path: Path) -> None:
    """Each keeps to its own tree: that the first ends takes nothing of the second away."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ended: dict[str, Run] = {}

    def second() -> None:
        ended["b"] = Run(executor, tmp_path / "b", "echo ready; read x; sleep 0.3; echo done")

    thread = threading.Thread(target=second)
    thread.start()
    ended["a"] = Run(executor, tmp_path / "a", "sleep 0.1")
    thread.join()
    assert ended["a"].end.ok
    assert ended["b"].output == "ready\ndone\n"


def test_protections_are_named(executor: Executor) -> None:
    found = executor.protections()
    assert found["nothing survives"] is True
    assert found["network"] is (executor.name != "process")


def test_cpu_time(executor: Executor, tmp_path: Path) -> None:
    """Of children too, those that have ended as well: a loop of short programs is no way round."""
    burn = "while :; do sh -c 'i=0; while [ $i -lt 99999 ]; do i=$((i+1)); done; echo x'; done"
    end = Run(executor, tmp_path, f"{burn} & {burn}", cpu_seconds=2).end
    assert end.outcome is Outcome.CPU_TIME
    assert "CPU time" in end.message


def test_output_limit(executor: Executor, tmp_path: Path) -> None:
    run = Run(executor, tmp_path, "while :; do echo 0123456789; done", output_bytes=100_000)
    assert run.end.outcome is Outcome.OUTPUT_LIMIT
    assert "printed more" in run.end.message


def test_usage_of_the_disk(executor: Executor, tmp_path: Path) -> None:
    end = Run(executor, tmp_path, "head -c 3145728 /dev/zero >big").end
    assert 3 << 20 <= (end.usage.disk_bytes or 0) < 4 << 20


def test_limits_hold_for_what_prints_without_end(executor: Executor, tmp_path: Path) -> None:
    """Who kills must go on reading: some wait until all that was printed has been read."""
    script = "trap '' TERM; while :; do echo 0123456789; done"
    assert Run(executor, tmp_path, script, cpu_seconds=1).end.outcome is Outcome.CPU_TIME
