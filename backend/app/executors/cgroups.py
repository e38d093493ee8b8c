"""Control groups: the kernel's own limits on a tree's memory and number of processes.

And its weight: on a busy machine commands give way to the worker's own processes, whose heartbeats
keep the job, and to all else. A plain nice would not do: the kernel shares the processors between
sessions first (sched(7), autogroups), and each command has a session of its own.

Version 1 (a folder in each controller's tree) needs root. Version 2 works where the group that this
process is in may hand its controllers on: the root group, or one that was prepared for it.
"""

import contextlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from app.executors.base import Limits

_ROOT = Path("/sys/fs/cgroup")
#: A quarter of what others weigh.
_CPU_SHARES_V1, _CPU_WEIGHT_V2 = 256, 25


@dataclass
class Group:
    """The control groups of one command; empty where none can be made."""

    folders: list[Path] = field(default_factory=list)
    memory: Path | None = None
    pids: Path | None = None
    cpu: Path | None = None

    @property
    def joins(self) -> list[str]:
        """The files to which a process writes 0 to enter."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def peak_bytes(self) -> int | None:
        """Return the most memory that was held at once."""
        return self._number("memory.max_usage_in_bytes") or self._number("memory.peak")

    def out_of_memory(self) -> bool:
        """Return whether the kernel killed a process of the group for want of memory."""
        if self.memory is None:
            return False
        text = _read(self.memory / "memory.oom_control") or _read(self.memory / "memory.events")
        return any(
            line.startswith("oom_kill ") and line != "oom_kill 0" for line in text.split("\n")
        )

    def too_many_processes(self) -> bool:
        """Return whether a process of the group could not be started because of the limit."""
        text = _read(self.pids / "pids.events") if self.pids else ""
        return any(line.startswith("max ") and line != "max 0" for line in text.split("\n"))

    @property
    def complete(self) -> bool:
        """Whether the kernel enforces both limits."""
        return self.memory is not None and self.pids is not None

    def remove(self) -> None:
        """Remove the groups; their processes have ended."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _number(self, name: str) -> int | None:
        text = _read(self.memory / name).strip() if self.memory else ""
        return int(text) if text.isdigit() else None


def make_group(limits: Limits, root: Path = _ROOT) -> Group:
    """Make the groups for one command with its limits, as far as they can be made."""
    # Not by counting: a killed process of the same number may have left one.
    name = f"a6hub-{os.getpid()}-{secrets.token_hex(4)}"
    paths = _own_paths()
    group = Group()
    _make_v1(group, root, paths, name, limits)
    if not group.folders and (root / "cgroup.controllers").exists():
        _make_v2(group, root / paths.get("", "").lstrip("/") / name, limits)
    return group


def _make_v1(group: Group, root: Path, paths: dict[str, str], name: str, limits: Limits) -> None:
    for controller, limit_file, limit in (
        ("memory", "memory.limit_in_bytes", limits.memory_bytes),
        ("pids", "pids.max", limits.processes),
        ("cpu", "cpu.shares", _CPU_SHARES_V1),
    ):
        folder = root / controller / paths.get(controller, "").lstrip("/") / name
        if _make(folder, {limit_file: limit}):
            group.folders.append(folder)
            setattr(group, controller, folder)
    if group.memory:
        # Only there if the kernel accounts for swap; equal to the memory limit it means no swap.
        _write(group.memory / "memory.memsw.limit_in_bytes", limits.memory_bytes)


def _make_v2(group: Group, folder: Path, limits: Limits) -> None:
    handed_on = folder.parent / "cgroup.subtree_control"
    if not _write(handed_on, "+memory +pids +cpu"):  # all or nothing, and it may not have the last
        _write(handed_on, "+memory +pids")
    if _make(folder, {"memory.max": limits.memory_bytes, "pids.max": limits.processes}):
        _write(folder / "memory.swap.max", 0)
        group.folders, group.memory, group.pids = [folder], folder, folder
        group.cpu = folder if _write(folder / "cpu.weight", _CPU_WEIGHT_V2) else None


def _make(folder: Path, limits: dict[str, int]) -> bool:
    _sweep(folder.parent)
    try:
        folder.mkdir()
    except OSError:
        return False
    if all(_write(folder / name, value) for name, value in limits.items()):
        return True
    folder.rmdir()
    return False


def _sweep(parent: Path) -> None:
    """Remove what workers that were killed have left."""
    for folder in parent.glob("a6hub-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _own_paths() -> dict[str, str]:
    """Return this process's group in each controller's tree; '' is version 2's."""
    lines = [line.split(":", 2) for line in _read(Path("/proc/self/cgroup")).splitlines()]
    return {name: path for _, names, path in lines for name in names.split(",")}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _write(path: Path, value: object) -> bool:
    try:
        path.write_text(str(value))
    except OSError:
        return False
    return True
