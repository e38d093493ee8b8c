"""Reading a process tree from /proc. What has gone meanwhile is left out.

Without pathlib, which would take as long to load as the rest of a keeper.
"""

import os

_TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Return the processes that `pid`'s threads started and that have not been waited for."""
    found: list[int] = []
    for task in _list(f"/proc/{pid}/task"):
        found += map(int, _read(f"/proc/{pid}/task/{task}/children").split())
    return found


def descendants(pid: int) -> list[int]:
    """Return all below `pid`, parents before children."""
    found: list[int] = []
    fresh = [pid]
    while fresh:
        fresh = [child for parent in fresh for child in children(parent)]
        found += fresh
    return found


def resident_bytes(pids: list[int]) -> int:
    """Return the memory that `pids` hold.

    Pages shared after a fork count for each process that has them; see proportional_bytes.
    """
    return sum(_kilobytes(pid, "status", ("RssAnon:", "RssShmem:")) for pid in pids)


def proportional_bytes(pids: list[int]) -> int:
    """Return the memory that `pids` hold, shared pages counted once. Slow for large processes."""
    return sum(_kilobytes(pid, "smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) for pid in pids)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of all below `pid`, those that have ended and were waited for too."""
    own = _cpu_fields(pid)[2:]  # of `pid` itself only what it has waited for
    below = (sum(_cpu_fields(each)) for each in descendants(pid))
    return (sum(own) + sum(below)) / _TICKS


def _cpu_fields(pid: int) -> list[int]:
    """Return utime, stime, cutime and cstime, in ticks; see proc(5)."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return [int(field) for field in fields[11:15]]


def _kilobytes(pid: int, file: str, fields: tuple[str, ...]) -> int:
    lines = _read(f"/proc/{pid}/{file}").splitlines()
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(fields))


def _list(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - see above
    except OSError:
        return []


def _read(path: str) -> str:
    try:
        with open(path) as file:  # noqa: PTH123 - see above
            return file.read()
    except OSError:
        return ""
