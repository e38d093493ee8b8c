"""The watch over a running attempt: its lease, the wish to cancel it, its steps."""

import enum
import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from app.core.logging import get_logger, in_context
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.live import LiveStream
from app.jobs.patience import OUTAGE_SECONDS, note_outage
from app.jobs.shown_steps import ShownSteps
from app.jobs.states import extend
from app.jobs.steps import StepBook

log = get_logger(__name__)

#: How often the steps are looked at, in seconds.
TICK_SECONDS = 0.5


class Halt(enum.StrEnum):
    """Why an attempt has to stop before its end."""

    CANCELLED = "cancelled"
    LOST = "lost"  # the lease is somebody else's: nothing may be written any more
    SHUTDOWN = "shutdown"  # the worker goes; the job is handed back
    LACKING = "lacking"  # the worker has lost what the job needs; the job is handed back


class Watch:
    """Runs beside an attempt, in a thread. Sets `stop` when the attempt has to end; see `halt`.

    `on_steps` is called when steps have changed.
    """

    def __init__(
        self,
        context: Context,
        mine: Claim,
        book: StepBook,
        on_steps: Callable[[], None] = lambda: None,
    ) -> None:
        self.stop = threading.Event()
        self.halt: Halt | None = None
        self.job_id = mine.job_id
        self._context = context
        self._mine = mine
        self._book = book
        self._on_steps = on_steps
        self._live = LiveStream(context.broker.redis)
        self.shown = ShownSteps(mine)
        self._wake = threading.Event()
        self._closing = False
        self._nudged = False
        self._beat_at = time.monotonic()
        self._thread = threading.Thread(target=in_context(self._run), name="watch", daemon=True)

    def start(self) -> None:
        """Begin; the lease is fresh from the claim."""
        self._thread.start()

    def close(self) -> None:
        """End the watch; the lease goes on for its full length."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def nudge(self) -> None:
        """Look at the cancel flag now."""
        self._nudged = True
        self._wake.set()

    def shut_down(self) -> None:
        """Stop the attempt because the worker goes. Only sets flags: a signal handler may call."""
        self._halt(Halt.SHUTDOWN)

    def hand_back(self) -> None:
        """Stop the attempt because the worker cannot do it."""
        self._halt(Halt.LACKING)

    def _run(self) -> None:
        while True:
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()
            if self._closing:
                return
            self._tick()

    def _tick(self) -> None:
        settings = self._context.settings
        since = time.monotonic() - self._beat_at
        try:
            if self._nudged or since >= settings.heartbeat_seconds:
                self._nudged = False
                self._beat()
            self._show_steps()
        except SQLAlchemyError as error:
            note_outage(error)
            log.warning("database away; trying on", job=self._mine.job_id, error=str(error))
            # Nobody can take the job while there is no database: the tools may go on meanwhile.
            if since >= OUTAGE_SECONDS:
                self._halt(Halt.LOST)
        except Exception:
            # Steps that cannot be read must not cost the job its lease.
            log.exception("watch stumbled", job=self._mine.job_id)

    def _beat(self) -> None:
        began = time.monotonic()
        with self._context.database.writing() as session:
            cancelling = extend(session, self._mine, self._context.settings.lease_seconds)
        self._beat_at = began
        if cancelling is None:
            self._halt(Halt.LOST)
        elif cancelling:
            self._halt(Halt.CANCELLED)

    def _show_steps(self) -> None:
        steps = self._book.steps()
        if not self.shown.differ(steps):
            return
        with self._context.database.writing() as session:
            if not self.shown.show(session, steps):
                self._halt(Halt.LOST)
        self.shown.written(steps)
        self._on_steps()
        self._live.job_changed(self._mine)

    def _halt(self, why: Halt) -> None:
        if self.halt is None or why is Halt.LOST:
            self.halt = why
        self.stop.set()
