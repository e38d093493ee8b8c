"""One attempt at a job, from the claim to its end.

Only a claimed job is worked on, and what is written for it is fenced by the claim (`states`). What
can go wrong:
    the job's own fault           -> failed, with a reason and a sentence
    cancelled meanwhile           -> cancelled, once its processes are gone
    lease lost                    -> nothing is written; the job is somebody else's now
    the worker shuts down         -> handed back
    the worker lost a PDK, say    -> handed back, and told
    its results cannot be written -> failed, as a fault of ours, without them
    store, database, engine away  -> waited for (`patience`)
"""

import time
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from app.core.logging import get_logger
from app.jobs.artifacts import keep_artifacts
from app.jobs.bench import Bench
from app.jobs.claims import Claim
from app.jobs.commands import CommandRunner
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
from app.jobs.log_shipper import Shipper
from app.jobs.log_writer import LogWriter
from app.jobs.outbox import Outgoing
from app.jobs.outcomes import Ending
from app.jobs.patience import OUTAGES, patiently
from app.jobs.states import finish, release
from app.jobs.steps import StepBook, current_step
from app.jobs.values import clean
from app.jobs.watch import Halt, Watch
from app.jobs.work import Work
from app.jobs.workdir import WorkDir, labels_of
from app.models import Artifact, JobStatus, Metric
from app.toolchains.base import BadInputError, Earlier, StepReport, ToolResult, ToolRun

log = get_logger(__name__)

#: What the files of the last steps may take of the time for storing (`work.STORING_SECONDS`).
KEEPING_SECONDS = 30
#: What a value raises that no table takes.
UNFIT = (SQLAlchemyError, TypeError, ValueError, OverflowError)


class RunningAttempt:
    """A try at a job. `outgoing`: what its end makes room for."""

    def __init__(self, bench: Bench, mine: Claim, work: Work, outgoing: Outgoing) -> None:
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
        self._commands = CommandRunner(
            executor=bench.executor,
            settings=bench.context.settings,
            toolchain=work.toolchain.name,
            folder=self._folder.job,
            labels=labels_of(mine),
            deadline=self._deadline,
            stop=self._watch.stop,
            book=self._book,
            figures=self._figures,
        )

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
            return judge(run, self._work.toolchain, *self._commands.run(run, output))
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

    def _conclude(self, ending: Ending, result: ToolResult | None) -> str:
        if why := HANDED_BACK.get(self._watch.halt):
            return self._hand_back(why)
        if self._watch.halt is Halt.LOST:
            return "lost"
        self._figures.storing_begins()
        self._keeper.finish(max(KEEPING_SECONDS, self._deadline - time.monotonic()))
        try:
            return self._end(ending, result, self._book.steps())
        except OUTAGES:
            raise
        except UNFIT:
            # Another attempt would come to the same, after as long a time.
            log.exception("what a job came to cannot be written")
            bare = CANCELLED if ending.status is JobStatus.CANCELLED else OUR_FAULT
            return self._end(bare, None, self._watch.shown.steps)

    def _end(self, ending: Ending, result: ToolResult | None, steps: list[StepReport]) -> str:
        artifacts = patiently(lambda: self._keep_files(result), self._watch.stop)
        written = patiently(lambda: self._write(ending, result, artifacts, steps), self._watch.stop)
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

    def _write(
        self,
        ending: Ending,
        result: ToolResult | None,
        artifacts: list[Artifact],
        steps: list[StepReport],
    ) -> bool:
        """Make it all the job's own, in one transaction, if the job is still ours."""
        metrics = result.metrics if result else {}
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
