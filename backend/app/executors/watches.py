"""Looking after what a running command uses, for what the kernel does not limit by itself."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from app.executors.base import Limits, Outcome
from app.executors.procfs import descendants, proportional_bytes, resident_bytes

#: A folder with more entries than this counts as full, whatever their size.
MAX_ENTRIES = 1_000_000
#: With less than this free the worker's disk is full, whoever filled it. In bytes. It also stops
#: who fills the disk with files that have no name any more.
RESERVE_BYTES = 256 << 20


class Watch(Protocol):
    """Asked several times a second; returns the outcome to end the command with, or None."""

    def look(self, keeper: int) -> Outcome | None:
        """Look at the tree below the process `keeper`."""
        ...


class TreeWatch:
    """The memory and the number of processes of a tree, where no control group limits them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.peak_bytes = 0

    def look(self, keeper: int) -> Outcome | None:
        """Return the outcome for a tree that holds too much memory or too many processes."""
        pids = descendants(keeper)
        if len(pids) > self._limits.processes:
            return Outcome.TOO_MANY_PROCESSES
        held = resident_bytes(pids)
        if held > self._limits.memory_bytes:
            held = proportional_bytes(pids)
        self.peak_bytes = max(self.peak_bytes, held)
        return Outcome.OUT_OF_MEMORY if held > self._limits.memory_bytes else None


class CpuWatch:
    """The CPU time of a tree, looked at once a second: what it uses meanwhile is on top."""

    def __init__(self, measure: Callable[[int], float], limit: float) -> None:
        """`measure` returns the seconds that the tree below a process has used."""
        self._measure = measure
        self._limit = limit
        self._next = time.monotonic() + 1.0

    def look(self, keeper: int) -> Outcome | None:
        """Return CPU_TIME when the tree has used more than it may."""
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + 1.0
        return Outcome.CPU_TIME if self._measure(keeper) > self._limit else None


class DiskWatch:
    """The size of the folders that a command may write to, looked at about once a second."""

    def __init__(self, folders: list[Path], limit: int) -> None:
        self._folders = folders
        self._limit = limit
        self._next = time.monotonic() + 0.5

    def look(self, keeper: int) -> Outcome | None:
        """Return DISK_FULL when the folders hold as much as they may."""
        began = time.monotonic()
        if began < self._next:
            return None
        outcome = self.verdict()
        now = time.monotonic()
        # A folder that takes long to measure is measured less often: at most 5 % of the time.
        self._next = now + max(1.0, 20 * (now - began))
        return outcome

    def verdict(self) -> Outcome | None:
        """Measure now."""
        if any(shutil.disk_usage(folder).free < RESERVE_BYTES for folder in self._folders):
            return Outcome.DISK_FULL
        used, entries = self._usage()
        return Outcome.DISK_FULL if used >= self._limit or entries > MAX_ENTRIES else None

    def used_bytes(self) -> int:
        """Return what the folders hold now."""
        return self._usage()[0]

    def _usage(self) -> tuple[int, int]:
        used, entries = 0, 0
        for folder in self._folders:
            more_used, more_entries = disk_usage(folder, MAX_ENTRIES)
            used, entries = used + more_used, entries + more_entries
        return used, entries


def disk_usage(folder: Path, most_entries: int) -> tuple[int, int]:
    """Return the bytes that a folder takes on disk and its entries, counting not much beyond most.

    Follows no link; a file with several names counts once; a folder that cannot be read, or lies
    too deep, counts as too many entries: it may hide anything.
    """
    used, entries = 0, 0
    seen: set[int] = set()
    pending = [os.fspath(folder)]
    while pending and entries <= most_entries:
        found = _entries(pending.pop())
        if found is None:
            return used, most_entries + 1
        for entry in found:
            entries += 1
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError:
                return used, most_entries + 1
            if status.st_nlink == 1 or status.st_ino not in seen:
                used += status.st_blocks * 512
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif status.st_nlink > 1:
                seen.add(status.st_ino)
    return used, entries


def _entries(folder: str) -> list[os.DirEntry[str]] | None:
    """Return what a folder holds, nothing if it has gone, None if it cannot be known."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        return [] if error.errno in (errno.ENOENT, errno.ENOTDIR) else None
