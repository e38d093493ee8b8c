"""From what a keeper reported and the watches saw to how the command ended."""

import errno
import os
import signal
from dataclasses import dataclass
from typing import Any

from app.executors.base import Command, Exit, Limits, Outcome, Usage
from app.executors.cgroups import Group
from app.executors.supervise import Ended
from app.executors.watches import DiskWatch, TreeWatch


@dataclass(frozen=True)
class Grounds:
    """What an end is judged by, beside the keeper's report."""

    command: Command
    group: Group
    tree: TreeWatch
    disk: DiskWatch


def not_started(message: str, *, is_outage: bool = False) -> Exit:
    """Return the end of a command that never ran."""
    return Exit(Outcome.NOT_STARTED, Usage(0), message=message, is_outage=is_outage)


def make_exit(ended: Ended, grounds: Grounds) -> Exit:
    """Return how a command ended."""
    report = ended.report
    if "error" in report:
        return not_started(_why_not_started(report))
    status = report.get("ended", -signal.SIGKILL)
    code, number = (status, None) if status >= 0 else (None, -status)
    outcome = _outcome(ended.cut, status, grounds)
    return Exit(
        outcome,
        _usage(ended, grounds),
        code=code,
        signal=number,
        message=describe(outcome, number, grounds.command.limits),
    )


def _outcome(cut: Outcome | None, status: int, grounds: Grounds) -> Outcome:
    if cut is not None:
        return cut
    if status == 0:
        return Outcome.EXITED
    if grounds.group.out_of_memory():
        return Outcome.OUT_OF_MEMORY
    if grounds.group.too_many_processes():
        return Outcome.TOO_MANY_PROCESSES
    if status == -signal.SIGXFSZ or grounds.disk.verdict():
        return Outcome.DISK_FULL
    return Outcome.EXITED if status > 0 else Outcome.SIGNALLED


def _usage(ended: Ended, grounds: Grounds) -> Usage:
    # The largest of what each source saw: a short peak escapes the polling.
    peaks = (grounds.group.peak_bytes(), grounds.tree.peak_bytes, ended.report.get("peak"))
    peak = max((peak for peak in peaks if peak), default=None)
    cpu, disk = ended.report.get("cpu"), grounds.disk.used_bytes()
    return Usage(ended.seconds, cpu, peak, disk, ended.start_seconds)


def describe(outcome: Outcome, number: int | None, limits: Limits) -> str:
    """Return what people are told of an end; `number` is the signal's, if there was one."""
    messages = {
        Outcome.SIGNALLED: f"The command was ended by signal {_signal_name(number)}.",
        Outcome.STOPPED: "The command was stopped.",
        Outcome.TIMED_OUT: f"The command ran longer than its limit of {limits.wall_seconds:g} s.",
        Outcome.CPU_TIME: "The command used more CPU time than its limit of "
        f"{limits.cpu_seconds:g} s.",
        Outcome.OUTPUT_LIMIT: "The command printed more than its limit of "
        f"{_size(limits.output_bytes)}.",
        Outcome.OUT_OF_MEMORY: "The command needed more memory than its limit of "
        f"{_size(limits.memory_bytes)}.",
        Outcome.TOO_MANY_PROCESSES: "The command ran more processes than its limit of "
        f"{limits.processes}.",
        Outcome.DISK_FULL: f"The command wrote more than its limit of {_size(limits.disk_bytes)} "
        f"({_size(limits.file_bytes)} in one file), or the worker's disk is full.",
    }
    return messages.get(outcome, "")


def _signal_name(number: int | None) -> str:
    try:
        return f"{number} ({signal.Signals(number or 0).name})"
    except ValueError:
        return str(number)


def _size(number: int) -> str:
    for unit, name in ((30, "GiB"), (20, "MiB")):
        if number >= 1 << unit:
            return f"{number / (1 << unit):.3g} {name}"
    return f"{number} bytes"


def _why_not_started(report: Any) -> str:
    number, subject = report["error"], report["subject"]
    if number == errno.ENOENT and subject.startswith("/"):
        return f"{subject} does not exist on this worker."
    if number == errno.ENOENT:
        return f"{subject} was not found on this worker; install the tool it belongs to."
    return f"{subject} could not be started: {os.strerror(number)}."
