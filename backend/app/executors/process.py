"""The `process` executor: no confinement at all. For a single user who trusts what is run."""

import threading
from pathlib import Path

from app.executors.base import Command, Exit, IsAlive, Limits, OutputSink
from app.executors.cgroups import make_group
from app.executors.ending import Grounds, make_exit, not_started
from app.executors.folders import remove
from app.executors.procfs import cpu_seconds
from app.executors.supervise import Order, supervise
from app.executors.watches import CpuWatch, DiskWatch, TreeWatch, Watch

#: Where programs are looked for.
PATH = "/usr/local/bin:/usr/bin:/bin"
_TMP = ".tmp"
_UNCONFINED = (
    "Jobs run without any confinement (A6HUB_TRUSTED=1): every user may do anything on this machine"
)


class ProcessExecutor:
    """Runs commands as plain processes of this user."""

    name = "process"

    def run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        """See Executor.run."""
        temporary = command.cwd / _TMP
        try:
            temporary.mkdir(exist_ok=True)
            return self._run(command, output, stop)
        except OSError as error:
            return not_started(f"The command could not be started: {error}.")
        finally:
            remove(temporary)

    def inside(self, folder: Path) -> Path:
        """See Executor.inside: nothing is hidden."""
        return folder.absolute()

    def protections(self) -> dict[str, bool]:
        """See Executor.protections."""
        return {"nothing survives": True, "files": False, "network": False, **limits_in_force()}

    def check(self) -> str | None:
        """See Executor.check."""
        return None

    def warnings(self) -> list[str]:
        """See Executor.warnings."""
        return [_UNCONFINED]

    def sweep(self, is_alive: IsAlive) -> None:
        """See Executor.sweep: the keeper dies with its worker, and its commands with it."""

    def _run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        group = make_group(command.limits)
        tree, disk = TreeWatch(command.limits), DiskWatch([command.cwd], command.limits.disk_bytes)
        cpu = CpuWatch(cpu_seconds, command.limits.cpu_seconds)
        watches: list[Watch] = [disk, cpu] if group.complete else [disk, cpu, tree]
        order = Order(
            argv=command.argv,
            env={"PATH": PATH, "HOME": str(command.cwd), "TMPDIR": str(command.cwd / _TMP)}
            | dict(command.env),
            cwd=str(command.cwd / command.start_in),
            rlimits=rlimits(command.limits),
            join=group.joins,
        )
        try:
            ended = supervise(order, command.limits, watches, output, stop)
            return make_exit(ended, Grounds(command, group, tree, disk))
        finally:
            group.remove()


def rlimits(limits: Limits) -> dict[str, int]:
    """Return the per-process limits. None is on address space: tools reserve more than they use."""
    return {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": min(limits.file_bytes, limits.disk_bytes)}


def limits_in_force() -> dict[str, bool]:
    """Return which limits the kernel enforces here; the others are watched by polling."""
    group = make_group(Limits(wall_seconds=1))
    try:
        return {
            "memory limit by control group": group.memory is not None,
            "process limit by control group": group.pids is not None,
        }
    finally:
        group.remove()
