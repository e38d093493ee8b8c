"""Whether the kernel has killed processes because memory ran out."""

from collections.abc import Iterator
from pathlib import Path

_GROUPS, _OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
_MACHINE = Path("/proc/vmstat")


class MemoryKills:
    """Tells whether there were any since it was asked last, in this process's control group.

    A job has a group of its own, so one that was killed for its own limit says nothing here. Where
    the group does not count, all that the kernel killed on the machine does.
    """

    def __init__(self) -> None:
        self._seen = _count()

    def any_new(self) -> bool:
        """Return whether the kernel has killed for memory since the last call."""
        before, self._seen = self._seen, _count()
        return self._seen > before


def _count() -> int:
    """Return how often that was since the group was made, or the machine started."""
    found = (_count_in(file) for file in (*_group_files(), _MACHINE))
    return next((count for count in found if count is not None), 0)


def _group_files() -> Iterator[Path]:
    """Yield where the kernel counts for the group alone, not for those below it."""
    for line in _OWN_GROUPS.read_text().splitlines():
        _, names, path = line.split(":", 2)
        if names == "memory":  # version 1
            yield _GROUPS / names / path.lstrip("/") / "memory.oom_control"
        elif not names:
            yield _GROUPS / path.lstrip("/") / "memory.events.local"


def _count_in(file: Path) -> int | None:
    """Return what a file says of `oom_kill`; None if it says nothing."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    counts = (line.removeprefix("oom_kill ") for line in lines if line.startswith("oom_kill "))
    return next((int(count) for count in counts), None)
