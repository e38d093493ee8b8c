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

from app.core.logging import get_logger
from app.core.memory import MemoryKills
from app.executors.base import Executor
from app.jobs.context import Context
from app.jobs.duties import Duty, elect
from app.jobs.lost_attempts import clear_dead_attempts, is_running, reap_expired
from app.jobs.meters import upkeep_rounds
from app.jobs.patience import OUTAGES, is_outage, note_outage
from app.jobs.presence import Reporter
from app.jobs.relay import relay
from app.jobs.sight import Sight
from app.jobs.sweep import sweep_if_due
from app.jobs.tallies import tally_if_due
from app.jobs.workdir import claim_of

log = get_logger(__name__)

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
        settings = context.settings
        self._term = settings.upkeep_seconds * LEASE_ROUNDS
        self._sight = Sight(settings.lease_seconds, gap_seconds=self._term)
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
            except Exception as error:
                # An outage of the database, say. The next round finds the same work to do.
                upkeep_rounds.labels("stumbled").inc()
                if is_outage(error):
                    note_outage(error)
                log.exception("upkeep stumbled")
            self._closing.wait(self._context.settings.upkeep_seconds)

    def round(self) -> None:
        """Do one round: the shared duties if elected, and then this machine's own."""
        self._share()
        _guarded(lambda: clear_dead_attempts(self._context, self._kills))
        _guarded(self._sweep)

    def _share(self) -> None:
        settings, database = self._context.settings, self._context.database
        if self._reporter is not None:
            self._reporter.report(database)
        elected = elect(database, Duty.UPKEEP, self._holder, self._term)
        may_judge = self._sight.lasts(database)
        if elected:
            if may_judge:
                reap_expired(database, settings.max_attempts)
            relay(self._context)
            self._sweeping = sweep_if_due(self._context, self._holder) or self._sweeping
            _guarded(lambda: tally_if_due(self._context))

    def _sweep(self) -> None:
        database = self._context.database
        if self._executor is not None:
            self._executor.sweep(lambda labels: is_running(database, claim_of(labels)))

    def _leave(self, reporter: Reporter) -> None:
        try:
            reporter.leave(self._context.database)
        except OUTAGES as error:
            log.info("not signed off", error=str(error))


def _guarded(duty: Callable[[], None]) -> None:
    """Do a duty; if it fails, that must not keep the others undone."""
    try:
        duty()
    except Exception:
        # Whatever it is, jobs of other machines wait for the shared duties.
        upkeep_rounds.labels("stumbled").inc()
        log.exception("upkeep of this machine stumbled")
