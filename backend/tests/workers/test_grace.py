"""A shutdown has an end, whatever holds it up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

BACKEND = Path(__file__).parents[2]
#: A worker's main process that Celery has forgotten to end.
_STUCK = """
import threading
from app.workers import grace
grace.HAND_BACK_SECONDS = 0
def waiting_for_ever():
    grace.Grace().begin(how="Warm")
    threading.Event().wait()
waiting_for_ever()
"""


#: The same with a pool whose second process begins only when the first was told.
_LATE = """
import subprocess, types
from app.workers import grace
grace.AGAIN_SECONDS = 0.01
first, second = (subprocess.Popen(["sleep", "1000"]) for _ in range(2))
class Pool:
    @property
    def info(self):
        return {"processes": [first.pid if first.poll() is None else second.pid]}
tested = grace.Grace()
tested.know_pool(types.SimpleNamespace(pool=Pool()))
tested.begin(how="Warm")
print(first.wait(), second.wait())
"""


def _run(program: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=BACKEND,
        env={**os.environ, "WORKER_SHUTDOWN_GRACE_SECONDS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_process_that_begins_when_the_others_were_told_is_told_too() -> None:
    assert _run(_LATE).stdout == "-15 -15\n"


def test_a_worker_that_does_not_end_says_where_it_is_and_is_killed() -> None:
    done = _run(_STUCK)
    assert done.returncode == -signal.SIGKILL
    assert "in waiting_for_ever" in done.stderr
