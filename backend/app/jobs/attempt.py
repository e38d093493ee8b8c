"""One attempt at a job, from the claim to its end.

Only a claimed job is worked on, and what is written for it is fenced by the claim (`states`). What
can go wrong:
    the job's own fault           -> failed, with a reason and a sentence
    cancelled meanwhile           -> cancelled, once its processes are gone
    lease lost                    -> nothing is written; the job is somebody else's now
    the worker shuts down         -> handed back
    store or database away        -> waited for (`patience`)
"""

import errno
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select

from app.core.logging import get_logger
from app.executors.base import Command, Executor, Exit, Limits, Outcome, OutputSink
from app.jobs.artifacts import keep_artifacts
from app.jobs.context import Context
from app.jobs.live import LiveStream
from app.jobs.logs import LogWriter, Shipper
from app.jobs.outbox import Outgoing
from app.jobs.patience import patiently
from app.jobs.states import Claim, Ending, Reason, finish, release
from app.jobs.steps import StepBook, in_words, replace_steps
from app.jobs.turns import Taker, claim_next
from app.jobs.watch import Halt, Watch
from app.jobs.workdir import WorkDir, labels_of
from app.models import Artifact, Job, JobStatus, JobType, Metric, Revision
from app.toolchains.base import BadInputError, Toolchain, ToolCommand, ToolResult

log = get_logger(__name__)

#: What the platform keeps of a job's time for storing its results, in seconds. Celery's soft limit
#: lies 60 s below MAX_JOB_DURATION_SECONDS: the tools must have ended before.
STORING_SECONDS = 90

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
_LAST_WORDS: dict[Halt | None, str] = {
    Halt.SHUTDOWN: "the worker was shut down; the job goes back to the queue",
    Halt.LOST: "the lease was lost; the job goes on elsewhere",
}


@dataclass(frozen=True)
class Bench:
    """What a worker works with."""

    context: Context
    executor: Executor
    toolchains: Mapping[str, Toolchain]
    worker: str
    #: Told of the watch of each attempt when it begins.
    on_watch: Callable[[Watch], None]
    #: Set when the worker is about to go.
    going: threading.Event


@dataclass(frozen=True)
class _Work:
    """What is to be done, as the database says."""

    user_id: int
    toolchain: Toolchain
    config: dict[str, Any]
    tree_digest: str
    max_seconds: float


def run_next(bench: Bench, queue: JobType, task_id: str | None = None) -> dict[str, Any]:
    """Work on the job whose turn it is, if there is one; return a summary for the result backend.

    `task_id`: the Celery task that this is.
    """
    context, settings = bench.context, bench.context.settings
    limit = settings.max_running_jobs_per_user
    taker = Taker(bench.worker, task_id, settings.lease_seconds, limit)
    mine = patiently(lambda: claim_next(context.database, queue, taker), bench.going)
    if mine is None:
        return {"status": "nothing to do"}
    job_id = mine.job_id
    work = patiently(lambda: _read_work(bench, job_id), bench.going)
    log.info("attempt begins", job=mine.job_id, attempt=mine.attempt)
    # Its end makes room for the next of its user.
    outgoing = Outgoing(context, queue, work.user_id)
    status = _Attempt(bench, mine, work, outgoing).run()
    outgoing.send()
    log.info("attempt ends", job=mine.job_id, attempt=mine.attempt, status=status)
    artifacts = f"jobs/{mine.job_id}/attempts/{mine.attempt}/artifacts"
    return {"status": status, "job_id": mine.job_id, "artifacts_path": artifacts}


_WORK = (
    select(Job.user_id, Job.toolchain, Job.config, Job.max_seconds, Revision.tree_digest)
    .join(Revision, Revision.id == Job.revision_id)
    .where(Job.id == bindparam("job"))
)


def _read_work(bench: Bench, job_id: int) -> _Work:
    limit = bench.context.settings.max_job_duration_seconds - STORING_SECONDS
    with bench.context.database.reading() as session:
        job = session.execute(_WORK, {"job": job_id}).one()
    return _Work(
        user_id=job.user_id,
        toolchain=bench.toolchains[job.toolchain],
        config=job.config,
        tree_digest=job.tree_digest,
        max_seconds=min(job.max_seconds, limit),
    )


class _Attempt:
    def __init__(self, bench: Bench, mine: Claim, work: _Work, outgoing: Outgoing) -> None:
        self._bench = bench
        self._outgoing = outgoing
        self._context = bench.context
        self._mine = mine
        self._work = work
        self._folder = WorkDir.of(bench.context.settings.work_dir, mine)
        self._book = StepBook(work.toolchain, self._folder.job)
        self._live = LiveStream(bench.context.broker.redis)
        self._watch = Watch(bench.context, mine, self._book)
        self._deadline = time.monotonic() + work.max_seconds

    def run(self) -> str:
        """Do the work and end the attempt; return the job's status, or why there is none."""
        self._bench.on_watch(self._watch)
        self._watch.start()
        try:
            with ExitStack() as folder:
                try:
                    folder.enter_context(self._folder.held())
                    output = self._open_log()
                except OSError as error:
                    return self._conclude(_without_folder(error), None)
                return self._with_log(output)
        finally:
            self._watch.close()

    def _with_log(self, output: LogWriter) -> str:
        try:
            ending, result = self._work_on(output)
            output.line(_LAST_WORDS.get(self._watch.halt) or f"{ending.status}: {ending.message}")
        finally:
            patiently(output.close, self._watch.stop)
        return self._conclude(ending, result)

    def _open_log(self) -> LogWriter:
        settings = self._context.settings
        shipper = Shipper(self._folder.log, self._mine, self._context.store, self._live)
        return LogWriter(
            self._folder.log, settings.log_head_bytes, settings.log_tail_bytes, shipper
        )

    def _work_on(self, output: LogWriter) -> tuple[Ending, ToolResult | None]:
        try:
            self._fill_folder(output)
            return self._judge(*self._run_commands(output))
        except BadInputError as error:
            message = f"{error.field}: {error.message}"
            return Ending(JobStatus.FAILED, message, Reason.BAD_INPUT), None
        except Exception:
            log.exception("attempt failed for a fault of ours", job=self._mine.job_id)
            message = "a6hub itself failed; the operator finds the cause in the worker's log."
            return Ending(JobStatus.FAILED, message, Reason.INTERNAL), None

    def _fill_folder(self, output: LogWriter) -> None:
        output.line(f"job {self._mine.job_id}, attempt {self._mine.attempt}")
        store, digest = self._context.store, self._work.tree_digest
        patiently(lambda: self._folder.fill(store, digest), self._watch.stop)

    def _run_commands(self, output: LogWriter) -> tuple[ToolCommand, Exit]:
        """Run the commands until one fails or the attempt has to stop; return the last, its end."""
        commands = self._work.toolchain.prepare(self._work.config, self._folder.job)
        for tool in commands:
            output.line(f"{tool.name}: {shlex.join(tool.argv[tool.wrapper_words :])}")
            self._book.begin(tool)
            sink = _both(output.write, tool.listener) if tool.listener else output.write
            ended = self._bench.executor.run(self._command(tool), sink, self._watch.stop)
            self._book.end(ended)
            output.line(f"{tool.name}: {in_words(ended)}")
            if not ended.ok:
                break
        return tool, ended

    def _command(self, tool: ToolCommand) -> Command:
        settings = self._context.settings
        return Command(
            argv=tool.argv,
            cwd=self._folder.job,
            start_in=tool.cwd,
            env=tool.env,
            mounts=tool.mounts,
            limits=Limits(
                wall_seconds=max(1.0, self._deadline - time.monotonic()),
                memory_bytes=settings.job_memory_bytes,
                processes=settings.job_processes,
                cpu_seconds=settings.job_cpu_seconds,
                output_bytes=settings.job_output_bytes,
                disk_bytes=settings.job_disk_bytes,
            ),
            tools=self._work.toolchain.name,
            labels=labels_of(self._mine),
        )

    def _judge(self, tool: ToolCommand, last: Exit) -> tuple[Ending, ToolResult]:
        """Return the ending; also of a job cut short, whose files so far are kept."""
        code = last.code if last.code is not None else -1
        result = self._work.toolchain.collect(self._work.config, self._folder.job, tool, code)
        if self._watch.halt is Halt.CANCELLED:
            return Ending(JobStatus.CANCELLED, "Cancelled while running.", Reason.CANCELLED), result
        if last.outcome is not Outcome.EXITED:
            reason, message = _FAULTS[last.outcome]
            return Ending(JobStatus.FAILED, last.message or message, reason), result
        if result.ok:
            done = f"{self._work.toolchain.job_type.capitalize()} Complete"
            ending = Ending(JobStatus.COMPLETED, result.message, None, result.verdict, done)
            return ending, result
        reason = Reason(result.reason or Reason.TOOL_FAILED)
        return Ending(JobStatus.FAILED, result.message, reason, result.verdict), result

    def _conclude(self, ending: Ending, result: ToolResult | None) -> str:
        if self._watch.halt is Halt.SHUTDOWN:
            return self._hand_back()
        if self._watch.halt is Halt.LOST:
            return "lost"
        artifacts = patiently(lambda: self._keep_files(result), self._watch.stop)
        written = patiently(lambda: self._write(ending, result, artifacts), self._watch.stop)
        self._live.job_changed(self._mine)
        return ending.status if written else "lost"

    def _hand_back(self) -> str:
        with self._context.database.writing() as session:
            release(session, self._mine, "Handed back: the worker was shut down.")
            self._outgoing.note(session)
        return "released"

    def _keep_files(self, result: ToolResult | None) -> list[Artifact]:
        files = result.files if result else ()
        return keep_artifacts(self._context.store, self._mine, self._folder.job, files)

    def _write(self, ending: Ending, result: ToolResult | None, artifacts: list[Artifact]) -> bool:
        """Make it all the job's own, in one transaction, if the job is still ours."""
        metrics, steps = result.metrics if result else {}, self._book.steps()
        if ending.current_step is None and steps:
            ending = replace(ending, current_step=steps[-1].name)
        with self._context.database.writing() as session:
            if not finish(session, self._mine, ending):
                return False
            replace_steps(session, self._mine, steps)
            session.add_all(artifacts)
            session.add_all(
                Metric(job_id=self._mine.job_id, name=name, value=str(value))
                for name, value in metrics.items()
            )
            self._outgoing.note(session)
        return True


def _without_folder(error: OSError) -> Ending:
    """Return the end of a job whose folder cannot be made. Elsewhere it may do: see retry."""
    log.error("work folder cannot be used", error=str(error))
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    reason = Reason.DISK_FULL if full else Reason.INTERNAL
    return Ending(JobStatus.FAILED, f"The worker's disk cannot be used: {error}.", reason)


def _both(first: OutputSink, second: OutputSink) -> OutputSink:
    def take(output: bytes) -> None:
        first(output)
        second(output)

    return take
