"""The executor interface: a command goes in, output and an exit come out."""

import enum
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

#: Receives the command's output (stdout and stderr in the order written), in pieces of bytes.
OutputSink = Callable[[bytes], None]
#: Tells, from the labels of a command, whether the attempt that it belongs to still goes on.
IsAlive = Callable[[Mapping[str, str]], bool]


class Outcome(enum.StrEnum):
    """How a command came to its end."""

    EXITED = "exited"  # by itself: see Exit.code
    SIGNALLED = "signalled"  # by a signal that we did not send: see Exit.signal
    STOPPED = "stopped"  # because the caller set `stop`
    TIMED_OUT = "timed_out"
    CPU_TIME = "cpu_time"  # used more of it than allowed
    OUT_OF_MEMORY = "out_of_memory"
    TOO_MANY_PROCESSES = "too_many_processes"
    DISK_FULL = "disk_full"
    OUTPUT_LIMIT = "output_limit"  # printed more than allowed
    NOT_STARTED = "not_started"  # the program or the sandbox could not be started
    LOST = "lost"  # what ran it went away: nobody knows how it would have ended


@dataclass(frozen=True)
class Limits:
    """What a command may use."""

    wall_seconds: float
    #: Of all its processes together.
    cpu_seconds: float = 8 * 3600.0
    memory_bytes: int = 4 << 30
    processes: int = 256
    file_bytes: int = 4 << 30
    disk_bytes: int = 16 << 30
    output_bytes: int = 16 << 30
    #: How long a stopped or timed-out process tree has between TERM and KILL.
    grace_seconds: float = 2.0


@dataclass(frozen=True)
class Mount:
    """A host folder or file that the command sees, read-only unless `writable`."""

    source: Path
    target: Path
    writable: bool = False


@dataclass(frozen=True)
class Command:
    """One program to run to its end.

    `argv` and `env` are complete: nothing is inherited from the worker (PATH, HOME and TMPDIR have
    defaults). `cwd` is the job's folder on the host, the one place where the command may write. It
    starts in the folder `start_in` below that. A sandbox may show the folder under another name, so
    `argv` speaks of the files in it by relative paths.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    limits: Limits
    mounts: tuple[Mount, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    start_in: str = "."
    #: Which family of tools it belongs to: executors with images choose one by it.
    tools: str = ""


@dataclass(frozen=True)
class Usage:
    """What a command used; None where the executor cannot tell."""

    wall_seconds: float
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    #: What the job's folder holds at the end, whoever wrote it.
    disk_bytes: int | None = None
    #: What passed until the command, or the sandbox around it, had been started.
    start_seconds: float | None = None


@dataclass(frozen=True)
class Exit:
    """The end of a command. `message` says what happened, unless the command exited by itself."""

    outcome: Outcome
    usage: Usage
    code: int | None = None
    signal: int | None = None
    message: str = ""
    #: It never ran, because what runs commands here is away: later it may.
    is_outage: bool = False

    @property
    def ok(self) -> bool:
        """Whether the command ended by itself with status 0."""
        return self.outcome is Outcome.EXITED and self.code == 0


class Executor(Protocol):
    """Runs commands one way."""

    name: str

    def run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        """Run `command` to its end and return how it ended; never raises for what the command does.

        When `stop` is set the whole process tree gets TERM, then KILL after `grace_seconds`. When
        this returns nothing of the command is left running. If this process dies, so does the
        command.
        """
        ...

    def inside(self, folder: Path) -> Path:
        """Return where a command finds its folder `cwd`, given where it is on the host."""
        ...

    def protections(self) -> dict[str, bool]:
        """Return which protections are in force here, by name, for `doctor`."""
        ...

    def check(self) -> str | None:
        """Return why no command can be run here, or None."""
        ...

    def warnings(self) -> list[str]:
        """Return what an operator has to be told whenever a worker starts; best nothing."""
        ...

    def sweep(self, is_alive: IsAlive) -> None:
        """Remove what commands with labels have left here whose worker has died.

        Commands that die with their worker, whatever happens, leave nothing. Raises nothing for an
        engine that is away.
        """
        ...
