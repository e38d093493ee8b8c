"""What start.sh says on standard error, and how a container's end becomes an Exit.

A hostile command can write there too. It can so lie about what it used and why it failed, as it can
about all that it prints; no limit depends on it.
"""

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.executors.base import Command, Exit, Outcome, Usage
from app.executors.ending import describe, not_started
from app.executors.watches import DiskWatch

_KEPT_BYTES = 4096
_LINE = re.compile(r"^a6hub (\w+) ?(.*)$", re.MULTILINE)


class Report:
    """The beginning and the end of what was said, however much it was."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""

    def take(self, piece: bytes) -> None:
        """Note the next piece."""
        missing = _KEPT_BYTES - len(self._head)
        self._head += piece[:missing]
        self._tail = (self._tail + piece[missing:])[-_KEPT_BYTES:]

    @property
    def text(self) -> str:
        """All that is kept."""
        return (self._head + self._tail).decode(errors="replace")

    def lines(self, name: str) -> list[str]:
        """Return what was said under a name."""
        return [found[2] for found in _LINE.finditer(self.text) if found[1] == name]

    def number(self, name: str, word: str = "") -> int:
        """Return the last number said under a name, after a word; 0 if there is none."""
        found = [line.removeprefix(word).strip() for line in self.lines(name) if word in line]
        return next((int(text) for text in reversed(found) if text.isdecimal()), 0)


@dataclass(frozen=True)
class ContainerEnd:
    """How a container ended, as the engine, start.sh and the worker saw it."""

    seconds: float
    cut: Outcome | None
    state: Mapping[str, Any]  # as `docker inspect` shows it
    report: Report
    sample: Mapping[str, Any] = field(default_factory=dict)  # the last of the engine's statistics
    start_seconds: float | None = None


def make_exit(end: ContainerEnd, command: Command, disk: DiskWatch) -> Exit:
    """Return how a command ended."""
    if end.cut is None and not end.report.lines("began"):
        return not_started(_why(end, command))
    status = int(end.state["ExitCode"])
    # Init and sh(1) say 128 + the signal's number.
    number = status - 128 if status - 128 in signal.valid_signals() else None
    outcome = _outcome(end, status, number, disk)
    return Exit(
        outcome,
        _usage(end, disk),
        code=status if number is None else None,
        signal=number,
        message=describe(outcome, number, command.limits),
    )


def _outcome(end: ContainerEnd, status: int, number: int | None, disk: DiskWatch) -> Outcome:
    if end.cut is not None:
        return end.cut
    if status == 0:
        return Outcome.EXITED
    if end.state["OOMKilled"] or end.report.number("memory", "oom_kill "):
        return Outcome.OUT_OF_MEMORY
    if end.report.number("processes", "max "):
        return Outcome.TOO_MANY_PROCESSES
    if number == signal.SIGXFSZ or disk.verdict():
        return Outcome.DISK_FULL
    return Outcome.EXITED if number is None else Outcome.SIGNALLED


def _usage(end: ContainerEnd, disk: DiskWatch) -> Usage:
    """Return the most that any source saw: start.sh has no last word when it was killed."""
    memory = end.sample.get("memory_stats", {})
    peaks = (end.report.number("peak"), memory.get("max_usage", 0), memory.get("usage", 0))
    reported = max(end.report.number("nanoseconds"), 1000 * end.report.number("cpu", "usage_usec "))
    cpu = max(used_cpu_seconds(end.sample), reported / 1e9)
    peak, used = max(peaks) or None, disk.used_bytes()
    return Usage(end.seconds, cpu or None, peak, used, end.start_seconds)


def used_cpu_seconds(sample: Mapping[str, Any]) -> float:
    """Return the CPU time in a sample of the engine's statistics."""
    used: int = sample.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage", 0)
    return used / 1e9


def _why(end: ContainerEnd, command: Command) -> str:
    missing = end.report.lines("missing")
    if missing == ["program"]:
        return f"{command.argv[0]} was not found in the image; name one that has it."
    if missing == ["folder"]:
        return f"{command.start_in} is no folder of the job."
    said = end.report.text.strip() or end.state.get("Error") or f"status {end.state['ExitCode']}"
    return f"The container did not start the command: {said}."
