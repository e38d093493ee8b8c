"""An executor that runs nothing and does as it is told: for fast tests of what can go wrong.

It stands beside the real ones because it has to keep their contract (`app.executors.base`). No
setting chooses it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.executors.base import Command, Exit, IsAlive, Outcome, OutputSink, Usage

USAGE = Usage(wall_seconds=0.5, cpu_seconds=0.25, peak_memory_bytes=1 << 20)
GOOD = Exit(Outcome.EXITED, USAGE, code=0)


class VanishedError(BaseException):
    """The worker's process is gone, as if by kill -9: nobody gets to handle it."""


@dataclass
class ScriptedExecutor:
    """Prints `output`, then ends with `end`.

    `slow`: takes so many seconds. `hold`: takes until it is told to stop, or until `let_go` is set.
    `during`: called while the command 'runs'. `vanish`: raises VanishedError instead of ending.
    """

    end: Exit = GOOD
    output: bytes = b"hello\n"
    slow: float = 0.0
    hold: bool = False
    vanish: bool = False
    during: Callable[[Command], None] = lambda _: None
    #: Set once a command runs.
    started: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    commands: list[Command] = field(default_factory=list)
    swept: list[IsAlive] = field(default_factory=list)
    name: str = "scripted"

    def run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        """See Executor.run."""
        self.commands.append(command)
        output(self.output)
        self.during(command)
        self.started.set()
        if self.vanish:
            raise VanishedError
        stopped = self._hold(stop) if self.hold else self.slow > 0 and stop.wait(self.slow)
        return Exit(Outcome.STOPPED, USAGE) if stopped else self.end

    def inside(self, folder: Path) -> Path:
        """See Executor.inside."""
        return folder

    def protections(self) -> dict[str, bool]:
        """See Executor.protections."""
        return {}

    def check(self) -> str | None:
        """See Executor.check."""
        return None

    def warnings(self) -> list[str]:
        """See Executor.warnings."""
        return []

    def sweep(self, is_alive: IsAlive) -> None:
        """See Executor.sweep: notes how to ask."""
        self.swept.append(is_alive)

    def _hold(self, stop: threading.Event) -> bool:
        """Return whether it was told to stop before it was let go."""
        while not self.let_go.wait(0.02):
            if stop.is_set():
                return True
        return False
