"""What an attempt tells of itself at its end, for metrics: kept in its row."""

import time
from collections import Counter
from typing import Any

from app.executors.base import Usage
from app.jobs.patience import outages_met
from app.storage.freshness import lookups
from app.storage.store import errors_met

#: What this process counts all the time; of an attempt, what came to it meanwhile.
_COUNTED = {"outages": outages_met, "store_errors": errors_met, "content_lookups": lookups}


class Figures:
    """Gathers them. An attempt is all that its process works on meanwhile."""

    def __init__(self, executor: str) -> None:
        self._executor = executor
        self._before = {name: Counter(counted) for name, counted in _COUNTED.items()}
        #: What the executor took besides the commands: to make and remove their surroundings.
        self._overhead_seconds = 0.0
        self._commands = 0
        self._starts: list[float] = []
        self.log_bytes = 0
        self._storing_since: float | None = None

    def ran(self, seconds: float, usage: Usage) -> None:
        """Note a command: what the executor took for it, and what it took itself."""
        self._commands += 1
        self._overhead_seconds += max(0.0, seconds - usage.wall_seconds)
        if usage.start_seconds is not None:
            self._starts.append(round(usage.start_seconds, 6))

    def storing_begins(self) -> None:
        """Note that the tools have ended and what they made is kept from now on."""
        self._storing_since = time.monotonic()

    def as_json(self) -> dict[str, Any]:
        """Return them for the row."""
        since = self._storing_since
        return {
            "storing_seconds": None if since is None else round(time.monotonic() - since, 6),
            "executor": self._executor,
            "commands": self._commands,
            "overhead_seconds": round(self._overhead_seconds, 6),
            "start_seconds": self._starts,
            "log_bytes": self.log_bytes,
            **{name: dict(_COUNTED[name] - before) for name, before in self._before.items()},
        }
