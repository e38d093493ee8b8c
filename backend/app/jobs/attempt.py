"""One attempt at a job, from the claim to its end.

Only a claimed job is worked on, and what is written for it is fenced by the claim (`states`). What
can go wrong:
    the job's own fault           -> failed, with a reason and a sentence
    cancelled meanwhile           -> cancelled, once its processes are gone
    lease lost                    -> nothing is written; the job is somebody else's now
    the worker shuts down         -> handed back
    the worker lost a PDK, say    -> handed back, and told
    store, database, engine away  -> waited for (`patience`)
"""

import shlex
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select
from structlog.contextvars import bound_contextvars

from app.core.logging import get_logger
from app.core.tracing import trace_of
from app.executors.base import Command, Executor, Exit, Limits, OutputSink
from app.jobs.abilities import Abilities
from app.jobs.artifacts import keep_artifacts
from app.jobs.context import Context
from app.jobs.earlier import Kept, as_earlier, beginning, find_kept
from app.jobs.endings import (
    CANCELLED,
    HANDED_BACK,
    LAST_WORDS,
    OUR_FAULT,
    judge,
    of_bad_input,
    without_folder,
)
from app.jobs.figures import Figures
from app.jobs.keeping import StepKeeper
from app.jobs.lacking import is_lacking
from app.jobs.live import LiveStream
from app.jobs.logs import LogWriter, Shipper
from app.jobs.outbox import Outgoing, call_again, pass_on
from app.jobs.patience import patiently
from app.jobs.states import Claim, Ending, finish, release
from app.jobs.steps import StepBook, current_step, in_words
from app.jobs.traces import trace_attempt
from app.jobs.turns import Taker, claim_next
from app.jobs.values import clean
from app.jobs.watch import Halt, Watch
from app.jobs.workdir import WorkDir, labels_of
from app.models import Artifact, Job, JobType, Metric, Revision
from app.toolchains.base import BadInputError, Earlier, Toolchain, ToolCommand, ToolResult, ToolRun

log = get_logger(__name__)

#: What the platform keeps of a job's time for storing its results, in seconds. Celery's soft limit
#: lies 60 s below MAX_JOB_DURATION_SECONDS: the tools must have ended before.
STORING_SECONDS = 90
#: And of that, what the last steps' files may take.
KEEPING_SECONDS = 30


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
    #: The worker that this process belongs to, as `presence` names it.
    station: str = ""
    #: What it has for sure (see turns.Taker).
    basic: Abilities | None = None


@dataclass(frozen=True)
class Message:
    """The message that has come: a Celery task's id, its argument, how often it was passed on."""

    task_id: str | None = None
    job_id: int = 0
    passed: int = 0


@dataclass(frozen=True)
class _Work:
    """What is to be done, as the database says."""

    user_id: int
    toolchain: Toolchain
    config: dict[str, Any]
    needs: str
    tree_digest: str
    max_seconds: float
    #: The job with whose finished steps this one begins.
    continues: int | None
    traceparent: str | None


def run_next(bench: Bench, queue: JobType, message: Message = Message()) -> dict[str, Any]:
    """Work on the job whose turn it is, if there is one; return a summary for the results."""
    began = time.monotonic()
    context, settings = bench.context, bench.context.settings
    limit = settings.max_running_jobs_per_user
    taker = Taker(
        *(bench.worker, message.task_id, settings.lease_seconds, limit),
        *(bench.station, bench.basic),
    )
    mine = patiently(lambda: claim_next(context.database, queue, taker), bench.going)
    if mine is None:
        pass_on(context, queue, taker, message.job_id, message.passed)
        return {"status": "nothing to do"}
    with bound_contextvars(job=mine.job_id, attempt=mine.attempt):
        work = patiently(lambda: _read_work(bench, mine.job_id, began), bench.going)
        with bound_contextvars(user=work.user_id, **trace_of(work.traceparent)):
            done = _run_claimed(bench, queue, mine, work)
    call_again(context, queue, taker)
    return done


def _run_claimed(bench: Bench, queue: JobType, mine: Claim, work: _Work) -> dict[str, Any]:
    log.info("attempt begins")
    # Its end makes room for the next of its user.
    outgoing = Outgoing(bench.context, queue, work.user_id)
    status = _Attempt(bench, mine, work, outgoing).run()
    outgoing.send()
    log.info("attempt ends", status=status)
    if status != "lost":  # else whoever took it tells
        trace_attempt(bench.context.database, mine)
    artifacts = f"jobs/{mine.job_id}/attempts/{mine.attempt}/artifacts"
    return {"status": status, "job_id": mine.job_id, "artifacts_path": artifacts}


_WORK = (
    select(
        *(Job.user_id, Job.toolchain, Job.config, Job.needs, Job.max_seconds),
        *(Job.continues, Job.traceparent, Revision.tree_digest),
    )
    .join(Revision, Revision.id == Job.revision_id)
    .where(Job.id == bindparam("job"))
)


def _read_work(bench: Bench, job_id: int, began: float) -> _Work:
    # Celery's own limit counts from the task's start, also what an outage takes of it.
    spent = time.monotonic() - began
    limit = bench.context.settings.max_job_duration_seconds - STORING_SECONDS - spent
    with bench.context.database.reading() as session:
        job = session.execute(_WORK, {"job": job_id}).one()
    return _Work(
        user_id=job.user_id,
        toolchain=bench.toolchains[job.toolchain],
        config=job.config,
        needs=job.needs,
        tree_digest=job.tree_digest,
        max_seconds=min(job.max_seconds, limit),
        continues=job.continues,
        traceparent=job.traceparent,
    )


class _AwayError(ConnectionError):
    """What runs commands is away."""

    def __init__(self, ended: Exit) -> None:
        super().__init__(ended.message)
        self.ended = ended


class _Attempt:
    def __init__(self, bench: Bench, mine: Claim, work: _Work, outgoing: Outgoing) -> None:
        self._bench = bench
        self._outgoing = outgoing
        self._context = bench.context
        self._mine = mine
        self._work = work
        self._folder = WorkDir.of(bench.context.settings.work_dir, mine)
        self._book = StepBook()
        self._figures = Figures(bench.executor.name)
        self._live = LiveStream(bench.context.broker.redis)
        self._keeper = StepKeeper(bench.context, mine, self._folder.job)
        self._watch = Watch(bench.context, mine, self._book, self._keeper.look)
        self._deadline = time.monotonic() + work.max_seconds

    def run(self) -> str:
        """Do the work and end the attempt; return the job's status, or why there is none."""
        self._bench.on_watch(self._watch)
        self._watch.start()
        try:
            with ExitStack() as folder:
                try:
                    folder.enter_context(self._folder.held())
                    folder.callback(self._keeper.close)
                    output = self._open_log()
                except OSError as error:
                    return self._conclude(without_folder(error), None)
                return self._with_log(output)
        finally:
            self._watch.close()

    def _with_log(self, output: LogWriter) -> str:
        try:
            ending, result = self._work_on(output)
            if self._watch.halt is Halt.CANCELLED:
                ending = CANCELLED
            ending = replace(ending, message=clean(ending.message))
            output.line(LAST_WORDS.get(self._watch.halt) or f"{ending.status}: {ending.message}")
        finally:
            patiently(output.close, self._watch.stop)
            self._figures.log_bytes = output.bytes
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
            run = self._prepare(output)
            return judge(run, self._work.toolchain, *self._run_commands(run, output))
        except BadInputError as error:
            self._hand_back_if_lacking()
            return of_bad_input(error), None
        except Exception:
            log.exception("attempt failed for a fault of ours")
            return OUR_FAULT, None

    def _hand_back_if_lacking(self) -> None:
        """Leave the job to others where not the job is at fault, but what this worker has."""
        lacks = partial(is_lacking, self._context, self._bench.station, self._work.needs)
        if patiently(lacks, self._watch.stop):
            self._watch.hand_back()

    def _fill_folder(self, output: LogWriter) -> None:
        output.line(f"job {self._mine.job_id}, attempt {self._mine.attempt}")
        store, digest = self._context.store, self._work.tree_digest
        patiently(lambda: self._folder.fill(store, digest), self._watch.stop)

    def _prepare(self, output: LogWriter) -> ToolRun:
        """Prepare the work, beginning with what an earlier attempt has finished."""
        kept = patiently(self._find_kept, self._watch.stop)
        earlier = self._earlier(kept) if kept else None
        prepare, config = self._work.toolchain.prepare, self._work.config
        run = patiently(lambda: prepare(config, self._folder.job, earlier), self._watch.stop)
        if kept:
            output.line(beginning(kept, self._mine, run.restored))
        there = {step.folder for step in run.restored}
        told = kept.told if kept else {}
        self._book.open(run, {folder: told[folder] for folder in there & told.keys()})
        restored = [row for row in kept.steps if row.folder in there] if kept else []
        patiently(lambda: self._keeper.begin(run, restored), self._watch.stop)
        return run

    def _find_kept(self) -> Kept | None:
        if self._mine.attempt == 1 and self._work.continues is None:
            return None
        with self._context.database.reading() as session:
            return find_kept(session, self._mine, self._work.continues)

    def _earlier(self, kept: Kept) -> Earlier:
        folder = self._folder.job
        inside = self._bench.executor.inside(folder)
        return as_earlier(kept, self._context.store, folder, inside, self._watch.stop)

    def _run_commands(self, run: ToolRun, output: LogWriter) -> tuple[ToolCommand, Exit]:
        """Run the commands until one fails or the attempt has to stop; return the last, its end."""
        for tool in run.commands:
            output.line(f"{tool.name}: {shlex.join(tool.argv[tool.wrapper_words :])}")
            self._book.begin(tool)
            sink = _both(output.write, tool.listener) if tool.listener else output.write
            began = time.monotonic()
            ended = self._run_patiently(tool, sink)
            self._figures.ran(time.monotonic() - began, ended.usage)
            self._book.end(ended)
            output.line(f"{tool.name}: {in_words(ended)}")
            if not ended.ok:
                break
        return tool, ended

    def _run_patiently(self, tool: ToolCommand, sink: OutputSink) -> Exit:
        """Run a command; while what runs commands here is away, try again."""

        def run() -> Exit:
            ended = self._bench.executor.run(self._command(tool), sink, self._watch.stop)
            if ended.is_outage:
                raise _AwayError(ended)
            return ended

        try:
            return patiently(run, self._watch.stop)
        except _AwayError as error:
            return error.ended

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

    def _conclude(self, ending: Ending, result: ToolResult | None) -> str:
        if why := HANDED_BACK.get(self._watch.halt):
            return self._hand_back(why)
        if self._watch.halt is Halt.LOST:
            return "lost"
        self._figures.storing_begins()
        self._keeper.finish(max(KEEPING_SECONDS, self._deadline - time.monotonic()))
        artifacts = patiently(lambda: self._keep_files(result), self._watch.stop)
        written = patiently(lambda: self._write(ending, result, artifacts), self._watch.stop)
        self._live.job_changed(self._mine)
        return ending.status if written else "lost"

    def _hand_back(self, why: str) -> str:
        with self._context.database.writing() as session:
            release(session, self._mine, why)
            self._outgoing.note(session)
        return "released"

    def _keep_files(self, result: ToolResult | None) -> list[Artifact]:
        files = result.files if result else ()
        return keep_artifacts(self._context.store, self._mine, self._folder.job, files)

    def _write(self, ending: Ending, result: ToolResult | None, artifacts: list[Artifact]) -> bool:
        """Make it all the job's own, in one transaction, if the job is still ours."""
        metrics, steps = result.metrics if result else {}, self._book.steps()
        if ending.current_step is None:
            ending = replace(ending, current_step=current_step(steps))
        details = clean(dict(result.details)) if result else {}
        with self._context.database.writing() as session:
            if not finish(session, self._mine, ending, details, self._figures.as_json()):
                return False
            self._watch.shown.write(session, steps)
            session.add_all(artifacts)
            session.add_all(
                Metric(job_id=self._mine.job_id, name=name, value=clean(str(value)))
                for name, value in metrics.items()
            )
            self._outgoing.note(session)
        return True


def _both(first: OutputSink, second: OutputSink) -> OutputSink:
    def take(output: bytes) -> None:
        first(output)
        second(output)

    return take
