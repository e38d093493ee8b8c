"""One supervisor for the stack's processes: orderly start and stop, and what dies is restarted."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from app.cli.stack import BACKEND, Part, Stack
from app.core.processes import die_with_parent

#: How long a part may take to be ready, and to stop, in seconds.
START_SECONDS = 60.0
STOP_SECONDS = 45.0
#: How long a part that dies at once is left dead before it is started again, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: A part that has lived so long counts as well again, in seconds.
WELL_AFTER = 60.0
POLL_SECONDS = 0.1

Say = Callable[[str], None]


class StartError(Exception):
    """A part does not become ready; the text says which and where its log is."""


class Child:
    """A part as a running process."""

    def __init__(self, part: Part, environment: dict[str, str], log: Path) -> None:
        self.part = part
        self.log = log
        self._environment = environment
        self._pause = FIRST_PAUSE
        self._began = 0.0
        self._again_at: float | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it dies when the supervisor does, in whatever way."""
        self._began, self._again_at = time.monotonic(), None
        parent = os.getpid()

        def tie() -> None:
            die_with_parent(signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.part.argv,
                cwd=BACKEND,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=tie,  # noqa: PLW1509 - the supervisor has one thread
            )

    @property
    def pid(self) -> int:
        """The process id; 0 while it is dead."""
        return self.process.pid if self.process and self.process.poll() is None else 0

    def look(self, say: Say) -> None:
        """Start the process again if it has died and its pause is over."""
        if self.pid:
            return
        now = time.monotonic()
        if self._again_at is None:
            self._note_death(now, say)
        elif now >= self._again_at:
            self.start()
            say(f"{self.part.name} started again (process {self.pid})")

    def stop(self) -> None:
        """End the process and wait for it; kill it if it takes too long."""
        if self.process is None or not self.pid:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _note_death(self, now: float, say: Say) -> None:
        status = self.process.returncode if self.process else "?"
        say(f"{self.part.name} has died (status {status}); its log: {self.log}")
        if now - self._began > WELL_AFTER:
            self._pause = FIRST_PAUSE
        self._again_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)


class Supervisor:
    """Runs a stack until it is told to stop by SIGTERM or SIGINT."""

    def __init__(self, stack: Stack, say: Say) -> None:
        self._stack = stack
        self._say = say
        self._stopping = False
        self._children: list[Child] = []

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start all, keep all running, and stop all at the end; StartError if a part fails."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_soon)
        try:
            for group in self._stack.parts():
                self._start(group)
            if not self._stopping:
                self._describe()
                on_ready()
            self._keep_running()
        finally:
            self._stop_all()

    def _stop_soon(self, *_: object) -> None:
        self._stopping = True

    def _start(self, group: list[Part]) -> None:
        environment = self._stack.environment()
        for part in group:
            log = self._stack.data / "logs" / f"{part.name}.log"
            log.unlink(missing_ok=True)
            child = Child(part, environment, log)
            child.start()
            self._children.append(child)
        for child in self._children[-len(group) :]:
            self._wait_ready(child)

    def _wait_ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._stopping and not child.part.is_ready():
            if not child.pid or time.monotonic() > deadline:
                raise StartError(f"{child.part.name} did not start; its log: {child.log}")
            time.sleep(POLL_SECONDS)

    def _keep_running(self) -> None:
        while not self._stopping:
            before = self._pids()
            for child in self._children:
                child.look(self._say)
            if self._pids() != before:
                self._describe()
            time.sleep(POLL_SECONDS)

    def _pids(self) -> dict[str, int]:
        return {child.part.name: child.pid for child in self._children}

    def _describe(self) -> None:
        self._stack.write_description(self._pids())

    def _stop_all(self) -> None:
        """Stop in the order of API, worker, Flower; Redis, which they need, last."""
        for child in [*self._children[1:], *self._children[:1]]:
            child.stop()
