"""When a running command has to be ended, and why: its clock, its limits, the wish to stop it."""

import enum
import threading
import time
from collections.abc import Sequence

from app.executors.base import Limits, Outcome
from app.executors.watches import Watch

#: How often a running command is looked at, in seconds.
TICK_SECONDS = 0.05


class Act(enum.Enum):
    """What has to be done to the command now."""

    TERM = enum.auto()
    KILL = enum.auto()


class Limiter:
    """Looks after one command from now on."""

    def __init__(self, limits: Limits, watches: Sequence[Watch], stop: threading.Event) -> None:
        #: Why the command was ended, if it was.
        self.cut: Outcome | None = None
        self._limits = limits
        self._watches = watches
        self._stop = stop
        self._kill_at = float("inf")
        self._look_at = 0.0
        self._began = time.monotonic()
        self._output_bytes = 0

    def passed(self, output_bytes: int) -> None:
        """Note that the command has printed so much more."""
        self._output_bytes += output_bytes

    @property
    def seconds(self) -> float:
        """How long the command has run."""
        return time.monotonic() - self._began

    def look(self, keeper: int = 0) -> Act | None:
        """Return what to do now, if anything; `keeper` is the tree's root for those who watch it.

        To be called in any rhythm; looks once in TICK_SECONDS.
        """
        now = time.monotonic()
        if now < self._look_at:
            return None
        self._look_at = now + TICK_SECONDS
        act, over = None, self._over_limits(keeper)
        if now >= self._kill_at or over:
            self._kill_at = float("inf")
            act = Act.KILL
        elif self.cut is None and (late := self._reason_to_stop(now)):
            self.cut = late
            self._kill_at = now + self._limits.grace_seconds
            act = Act.TERM
        self.cut = self.cut or over
        return act

    def _over_limits(self, keeper: int) -> Outcome | None:
        found = (watch.look(keeper) for watch in self._watches)
        return next((outcome for outcome in found if outcome is not None), None)

    def _reason_to_stop(self, now: float) -> Outcome | None:
        if self._stop.is_set():
            return Outcome.STOPPED
        if self._output_bytes > self._limits.output_bytes:
            return Outcome.OUTPUT_LIMIT
        late = now - self._began >= self._limits.wall_seconds
        return Outcome.TIMED_OUT if late else None
