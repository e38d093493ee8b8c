"""Real Celery workers as child processes, for tests that kill them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.core.settings import Settings
from tests.servers import tied

BACKEND = Path(__file__).parents[2]
#: How long anything may take before a test gives up on it, in seconds.
PATIENCE = 120.0
#: The pauses between looks grow: what a test waits for long is what needs the machine.
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.02, 0.25, 1.25


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Return once `condition` holds; AssertionError naming `what` when it takes too long."""
    deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


class Worker:
    """A running `celery worker` with its pool."""

    def __init__(
        self, settings: Settings, log: Path, extra: Sequence[str], **environment: str
    ) -> None:
        self.log = log
        env = {
            **os.environ,
            "A6HUB_DATA_DIR": str(settings.data_dir),
            "A6HUB_DATABASE_URL": settings.database,
            "A6HUB_STORE_URL": settings.store,
            "CELERY_BROKER_URL": settings.broker_url,
            "A6HUB_EXECUTOR": settings.executor,
            "TMPDIR": str(settings.data_dir),  # where one that is killed leaves a folder
            **environment,
        }
        app = environment.pop("CELERY_APP", "app.workers.celery_app")
        celery = [sys.executable, "-m", "celery", "-A", app, "worker"]
        options = ["--queues=build,simulation", "--concurrency=2", f"--hostname={log.name}@test"]
        options += ["--without-mingle", *extra]
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                tied(*celery, *options), cwd=BACKEND, env=env, stdout=output, stderr=output
            )

    def wait_ready(self) -> None:
        """Return once it takes jobs."""
        wait_until(lambda: b"ready." in self.log.read_bytes(), "the worker is ready")

    def kill(self) -> None:
        """Kill -9 the main process."""
        self.process.kill()
        self.process.wait()

    def kill_all(self) -> None:
        """Kill -9 all its processes, as the death of its host does."""
        self.freeze()  # so that none does anything because another is dead already
        for pid in (self.process.pid, *children_of(self.process.pid)):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> int:
        """Shut it down as a deploy does and return its exit status."""
        self.ask_to_go()
        return self.wait_gone()

    def ask_to_go(self) -> None:
        """Begin what terminate() does."""
        self.process.send_signal(signal.SIGTERM)

    def wait_gone(self) -> int:
        """Return its exit status once it has ended."""
        return self.process.wait(PATIENCE)

    def kill_pool_processes(self) -> None:
        """Kill -9 the pool processes, not the main one."""
        for pid in self.pool_processes():
            os.kill(pid, signal.SIGKILL)

    def pool_processes(self) -> list[int]:
        """Return the processes that work on jobs."""
        children = children_of(self.process.pid)
        return [pid for pid in children if b"upkeep" not in _command(pid)]

    def freeze(self) -> None:
        """Stop all processes of the worker, not the tools that they run, until thaw()."""
        for pid in (self.process.pid, *children_of(self.process.pid)):
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let all processes of the worker go on."""
        for pid in (self.process.pid, *children_of(self.process.pid)):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def worker(settings: Settings, log: Path, *extra: str, **environment: str) -> Iterator[Worker]:
    """Run a worker until the end of the block; `extra`: options for Celery."""
    running = Worker(settings, log, extra, **environment)
    try:
        running.wait_ready()
        yield running
    finally:
        if running.process.poll() is None:
            running.terminate()


def processes_below(folder: Path) -> list[int]:
    """Return the processes whose working folder lies below `folder`, as seen from outside."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").resolve().is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:  # it has just ended
            continue
    return found


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def children_of(pid: int) -> list[int]:
    """Return the children of a process."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]
