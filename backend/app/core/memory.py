"""Whether the kernel has killed processes because memory ran out."""

from pathlib import Path

_COUNTERS = Path("/proc/vmstat")


class MemoryKills:
    """Tells whether there were any since it was asked last, on the whole machine."""

    def __init__(self) -> None:
        self._seen = _count()

    def any_new(self) -> bool:
        """Return whether the kernel has killed for memory since the last call."""
        before, self._seen = self._seen, _count()
        return self._seen > before


def _count() -> int:
    """Return how often that was since the machine started (counts control groups' limits too)."""
    for line in _COUNTERS.read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == "oom_kill":
            return int(value)
    return 0
