"""How jobs end that have been run: as what, for which reason, and in which words."""

import errno

from app.core.logging import get_logger
from app.executors.base import Exit, Outcome
from app.jobs.outcomes import Ending, Reason
from app.jobs.watch import Halt
from app.models import JobStatus
from app.toolchains.base import BadInputError, Toolchain, ToolCommand, ToolResult, ToolRun

log = get_logger(__name__)

#: How a command that did not end by itself is told of.
_FAULTS: dict[Outcome, tuple[Reason, str]] = {
    Outcome.TIMED_OUT: (Reason.TIMED_OUT, "The time limit was reached."),
    Outcome.CPU_TIME: (Reason.TIMED_OUT, "The limit of CPU time was reached."),
    Outcome.OUTPUT_LIMIT: (Reason.OUTPUT_LIMIT, "The limit of output was reached."),
    Outcome.OUT_OF_MEMORY: (Reason.OUT_OF_MEMORY, "The memory limit was reached."),
    Outcome.TOO_MANY_PROCESSES: (Reason.TOOL_FAILED, "The limit of processes was reached."),
    Outcome.DISK_FULL: (Reason.DISK_FULL, "The disk limit of the job's folder was reached."),
    Outcome.SIGNALLED: (Reason.TOOL_FAILED, "The tool was ended by a signal."),
    Outcome.NOT_STARTED: (Reason.INTERNAL, "The tool could not be started."),
    Outcome.LOST: (Reason.INTERNAL, "What ran the tool went away."),
    Outcome.STOPPED: (Reason.INTERNAL, "The tool was stopped."),
}

#: How a log ends whose attempt ends nothing.
LAST_WORDS: dict[Halt | None, str] = {
    Halt.SHUTDOWN: "the worker was shut down; the job goes back to the queue",
    Halt.LOST: "the lease was lost; the job goes on elsewhere",
    Halt.LACKING: "this worker has not any more what the job needs; the job goes back to the queue",
}

#: Why a job is handed back.
HANDED_BACK: dict[Halt | None, str] = {
    Halt.SHUTDOWN: "Handed back: the worker was shut down.",
    Halt.LACKING: "Handed back: the worker has lost what the job needs.",
}

CANCELLED = Ending(JobStatus.CANCELLED, "Cancelled while running.", Reason.CANCELLED)
OUR_FAULT = Ending(
    JobStatus.FAILED,
    "a6hub itself failed; the operator finds the cause in the worker's log.",
    Reason.INTERNAL,
)


def judge(
    run: ToolRun, toolchain: Toolchain, tool: ToolCommand, last: Exit
) -> tuple[Ending, ToolResult]:
    """Return how a job ends whose command `tool` was the last, and what it came to.

    The files that a job had made that was cut short are kept too.
    """
    code = last.code if last.code is not None else -1
    result = run.collect(tool, code)
    if last.outcome is not Outcome.EXITED:
        reason, message = _FAULTS[last.outcome]
        return Ending(JobStatus.FAILED, last.message or message, reason), result
    if result.ok:
        done = f"{toolchain.job_type.capitalize()} Complete"
        ending = Ending(JobStatus.COMPLETED, result.message, None, result.verdict, done)
        return ending, result
    reason = Reason(result.reason or Reason.TOOL_FAILED)
    return Ending(JobStatus.FAILED, result.message, reason, result.verdict), result


def of_bad_input(error: BadInputError) -> Ending:
    """Return the end of a job that cannot be run as it is."""
    return Ending(JobStatus.FAILED, f"{error.field}: {error.message}", Reason.BAD_INPUT)


def without_folder(error: OSError) -> Ending:
    """Return the end of a job whose folder cannot be made. Elsewhere it may do: see retry."""
    log.error("work folder cannot be used", error=str(error))
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    reason = Reason.DISK_FULL if full else Reason.INTERNAL
    return Ending(JobStatus.FAILED, f"The worker's disk cannot be used: {error}.", reason)
