"""Upkeep: what has to be done again and again so that no job is lost or stuck.

Any number of processes run it (each API process, a process beside each worker); a lease in the
database elects the one that does the shared duties. Work folders are looked after by every machine
for itself: a folder that no process holds belonged to one that has died.

Leases are judged only by who could see the database for the length of one: when the database has
been away nobody could extend a lease, and those who hold one get the time to do so first.
"""

import socket
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.logging import get_logger
from app.core.memory import MemoryKills
from app.core.settings import Settings
from app.db.clock import database_now
from app.db.engine import Database
from app.executors.base import Executor
from app.jobs.context import Context
from app.jobs.logs import store_rest
from app.jobs.meters import leases_expired, upkeep_rounds
from app.jobs.outbox import relay
from app.jobs.patience import OUTAGES
from app.jobs.presence import Reporter
from app.jobs.states import Claim, Loss, Reason, expired, fence, lose, reap
from app.jobs.sweep import sweep_if_due
from app.jobs.tallies import tally_if_due
from app.jobs.traces import trace_attempt
from app.jobs.workdir import WorkDir, claim_of, work_dirs
from app.models import Job, UpkeepLease

log = get_logger(__name__)

DUTY = "jobs"
#: What is known of a process that has died, by whether the kernel has killed for memory.
_LOSSES = {
    True: Loss(
        Reason.OUT_OF_MEMORY, "The worker's process was killed as the machine ran out of memory."
    ),
    False: Loss(Reason.WORKER_LOST, "The worker's process was killed."),
}
#: How many rounds the holder may miss before another takes over.
LEASE_ROUNDS = 5
#: How long a sweep that has just begun is waited for at the end, in seconds.
SWEEP_SECONDS = 5.0


class Upkeep:
    """Does the upkeep in a thread until close(). One beside a worker tells of it (`reporter`)."""

    def __init__(
        self,
        context: Context,
        executor: Executor | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        """Beside a worker, `executor` is the one that its jobs run with; see also Reporter."""
        self._context = context
        self._executor = executor
        self._reporter = reporter
        self._holder = f"{socket.gethostname()}-{uuid.uuid4().hex[:8]}"
        self._kills = MemoryKills()
        self._sight = _Sight(context.settings)
        self._sweeping: threading.Thread | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self.run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the present round."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._sweeping is not None:  # whose connections would be closed under it
            self._sweeping.join(SWEEP_SECONDS)
        if self._reporter is not None:
            self._leave(self._reporter)

    def run(self) -> None:
        """Do round after round until close()."""
        while not self._closing.is_set():
            try:
                self.round()
                upkeep_rounds.labels("well").inc()
            except Exception:
                # An outage of the database, say. The next round finds the same work to do.
                upkeep_rounds.labels("stumbled").inc()
                log.exception("upkeep stumbled")
            self._closing.wait(self._context.settings.upkeep_seconds)

    def round(self) -> None:
        """Do one round: the shared duties if elected, and then this machine's own."""
        self._share()
        self._guarded(lambda: clear_dead_attempts(self._context, self._kills))
        self._guarded(self._sweep)

    def _share(self) -> None:
        settings, database = self._context.settings, self._context.database
        if self._reporter is not None:
            self._reporter.report(database)
        elected = elect(database, DUTY, self._holder, settings.upkeep_seconds * LEASE_ROUNDS)
        may_judge = self._sight.lasts(database)
        if elected:
            if may_judge:
                reap_expired(database, settings.max_attempts)
            relay(self._context)
            self._sweeping = sweep_if_due(self._context, self._holder) or self._sweeping
            self._guarded(lambda: tally_if_due(self._context))

    def _sweep(self) -> None:
        database = self._context.database
        if self._executor is not None:
            self._executor.sweep(lambda labels: _is_running(database, claim_of(labels)))

    def _guarded(self, duty: Callable[[], None]) -> None:
        """Do a duty of this machine's own: if it fails, that must not keep the others undone."""
        try:
            duty()
        except Exception:
            # Whatever it is, jobs of other machines wait for the shared duties.
            upkeep_rounds.labels("stumbled").inc()
            log.exception("upkeep of this machine stumbled")

    def _leave(self, reporter: Reporter) -> None:
        try:
            reporter.leave(self._context.database)
        except OUTAGES as error:
            log.info("not signed off", error=str(error))


class _Sight:
    """Since when the database is in sight, by its own clock.

    A gap between two looks says that it was away, or did not answer, or that this machine slept:
    others then could not extend their leases either.
    """

    def __init__(self, settings: Settings) -> None:
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._gap = timedelta(seconds=settings.upkeep_seconds * LEASE_ROUNDS)
        self._since: datetime | None = None
        self._last: datetime | None = None

    def lasts(self, database: Database) -> bool:
        """Look now; return whether it has been in sight for the length of a lease."""
        with database.reading() as session:
            now = database_now(session)
        if self._since is None or self._last is None or now - self._last > self._gap:
            self._since = now
        self._last = now
        return now - self._since >= self._lease


def elect(database: Database, duty: str, holder: str, seconds: float) -> bool:
    """Take or extend the lease of a duty; False while another holds it."""
    with database.writing() as session:
        now = database_now(session)
        until = now + timedelta(seconds=seconds)
        free = (UpkeepLease.holder == holder) | (UpkeepLease.until < now)
        taken = session.execute(
            update(UpkeepLease)
            .where(UpkeepLease.duty == duty, free)
            .values(holder=holder, until=until)
            .returning(UpkeepLease.duty)
            .execution_options(synchronize_session=False)
        ).scalar_one_or_none()
        if taken is not None or session.get(UpkeepLease, duty) is not None:
            return taken is not None
        try:
            with session.begin_nested():
                session.add(UpkeepLease(duty=duty, holder=holder, until=until))
        except IntegrityError:  # another was the first
            return False
        return True


def holder_of(session: Session, duty: str) -> UpkeepLease | None:
    """Return who has charge of a duty now; None if nobody has."""
    lease = session.get(UpkeepLease, duty)
    return lease if lease is not None and lease.until > database_now(session) else None


def reap_expired(database: Database, max_attempts: int) -> None:
    """Take jobs from attempts whose lease has run out."""
    with database.reading() as session:
        lost = expired(session)
    for attempt in lost:
        with database.writing() as session:
            status = reap(session, attempt, max_attempts)
        if status is not None:
            leases_expired.inc()
            trace_attempt(database, attempt)
            log.warning("attempt lost", job=attempt.job_id, attempt=attempt.attempt, now=status)


def clear_dead_attempts(context: Context, kills: MemoryKills) -> None:
    """Take the jobs of this machine's dead processes from them, and clear away what they left."""
    here = work_dirs(context.settings.work_dir)
    dead = [(attempt, folder) for attempt, folder in here if _is_dead(folder)]
    why = _LOSSES[bool(dead) and kills.any_new()]
    for attempt, folder in dead:
        try:
            _clear(context, attempt, folder, why)
        except OUTAGES as error:
            log.warning("dead work folder kept for now", job=attempt.job_id, error=str(error))


def _is_dead(folder: WorkDir) -> bool:
    """Return whether nobody works on an attempt any more, or not yet (see WorkDir.held)."""
    return not folder.is_held()


def _clear(context: Context, attempt: Claim, folder: WorkDir, why: Loss) -> None:
    # The folder is looked for first: where there is one, its lock has been taken before.
    if folder.root.is_dir() and _is_dead(folder) and _is_running(context.database, attempt):
        _lose(context, attempt, why)
    if _is_dead(folder) and not _is_running(context.database, attempt):
        _save_and_remove(context, attempt, folder)


def _lose(context: Context, attempt: Claim, why: Loss) -> None:
    with context.database.writing() as session:
        status = lose(session, attempt, why, context.settings.max_attempts)
    log.warning("process lost", job=attempt.job_id, why=why.reason, now=status)
    if status is not None:
        trace_attempt(context.database, attempt)


def _is_running(database: Database, attempt: Claim) -> bool:
    with database.reading() as session:
        return session.scalar(select(Job.id).where(*fence(attempt))) is not None


def _save_and_remove(context: Context, attempt: Claim, folder: WorkDir) -> None:
    """Bring what a dead worker had not yet stored of the log into the store."""
    if folder.log.is_file():
        store_rest(context.store, attempt, folder.log)
    folder.remove()
    if folder.root.exists():
        log.warning("dead work folder cannot be removed", folder=str(folder.root))
        return
    log.info("dead work folder removed", job=attempt.job_id, attempt=attempt.attempt)
