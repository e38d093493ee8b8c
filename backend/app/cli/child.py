"""A part of the stack as a running process, started again when it dies."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.cli.parts import Part
from app.cli.stack import BACKEND
from app.core.processes import die_with_parent

#: How long a part may take to stop before it is killed, in seconds.
STOP_SECONDS = 45.0
#: How long a part that dies at once is left dead before it is started again, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
#: A part that has lived so long counts as well again, in seconds.
WELL_AFTER = 60.0

Say = Callable[[str], None]


class Child:
    """A part's process."""

    def __init__(self, part: Part, environment: dict[str, str], log: Path) -> None:
        self.part = part
        self.log = log
        self._environment = environment
        self._pause = FIRST_PAUSE
        self._began = 0.0
        self._again_at: float | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process, in a session of its own; it dies when this process does.

        The kernel ties it to the thread that starts it, which so must be the main thread.
        """
        self._began, self._again_at = time.monotonic(), None
        parent = os.getpid()

        def tie() -> None:
            die_with_parent(signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
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
        return self._process.pid if self._process and self._process.poll() is None else 0

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

    def terminate(self) -> None:
        """Ask the process to end."""
        if self._process is not None:
            self._process.terminate()

    def wait(self) -> None:
        """Wait for the process to end; kill it, and what it has left, if it takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(ProcessLookupError):  # its session's number is its own
            os.killpg(self._process.pid, signal.SIGKILL)

    def _note_death(self, now: float, say: Say) -> None:
        status = self._process.returncode if self._process else "?"
        say(f"{self.part.name} has died (status {status}); its log: {self.log}")
        if now - self._began > WELL_AFTER:
            self._pause = FIRST_PAUSE
        self._again_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
