"""The `bubblewrap` executor: commands run in namespaces of their own, without a container engine.

Inside there are the host's programs and libraries, read-only, the command's own mounts, an empty
/tmp in memory and the job's folder as /job: no network, no other files, no other processes, no
user but `job` (1000).

Outside, that user is this process's own, or, if that is root, `PLAIN_USER`. A mapping to root
would not do: a namespace takes root's capabilities away, but not the ownership of files, and
/proc/sys belongs to root.
"""

import json
import os
import re
import shutil
import signal
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

from app.executors.base import Command, Exit, IsAlive, Limits, OutputSink
from app.executors.cgroups import make_group
from app.executors.ending import Grounds, make_exit, not_started
from app.executors.folders import PLAIN_USER, give_to_plain_user
from app.executors.process import limits_in_force, rlimits
from app.executors.procfs import cpu_seconds
from app.executors.sandbox import JOB, LIMITER, arguments, shown_paths
from app.executors.supervise import Ended, Order, supervise
from app.executors.watches import CpuWatch, DiskWatch, TreeWatch, Watch

_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": JOB, "TMPDIR": "/tmp"}  # noqa: S108
_MISSING = "bubblewrap is not installed on this worker: apt-get install bubblewrap"
_NO_NAMESPACES = (
    "This worker may not make user namespaces. Allow them with "
    "`sysctl kernel.unprivileged_userns_clone=1`, `sysctl user.max_user_namespaces=10000` or, on "
    "Ubuntu, `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; in Docker, start the "
    "worker's container with a seccomp profile that allows them."
)
_TROUBLE_BYTES = 4096
#: prlimit(1)'s statuses for a program that it could not start, and what it says of a missing one.
_NOT_EXECUTED = (126, 127)
_MISSING_PROGRAM = re.compile(rf"{LIMITER}: failed to execute (.+): No such file or directory")


class BubblewrapExecutor:
    """Runs commands in a sandbox made by bwrap(1)."""

    name = "bubblewrap"

    def run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        """See Executor.run."""
        program = shutil.which("bwrap")
        if program is None:
            return not_started(_MISSING)
        try:
            if os.geteuid() == 0:
                give_to_plain_user(command.cwd)
            return _run(program, command, output, stop)
        except OSError as error:
            return not_started(f"The sandbox could not be started: {error}.")

    def inside(self, folder: Path) -> Path:
        """See Executor.inside: every job sees the same."""
        return Path(JOB)

    def protections(self) -> dict[str, bool]:
        """See Executor.protections."""
        works = self.check() is None
        names = ("nothing survives", "files", "network", "no root", "no nested namespaces")
        return dict.fromkeys(names, works) | limits_in_force()

    def warnings(self) -> list[str]:
        """See Executor.warnings."""
        return []

    def sweep(self, is_alive: IsAlive) -> None:
        """See Executor.sweep: the keeper dies with its worker, and its commands with it."""

    def check(self) -> str | None:
        """See Executor.check."""
        with tempfile.TemporaryDirectory() as folder:
            command = Command(("true",), Path(folder), {}, Limits(wall_seconds=10))
            end = self.run(command, lambda _: None, threading.Event())
        return None if end.ok else end.message or "bwrap does not work here."


def _run(program: str, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
    group = make_group(command.limits)
    tree, disk = TreeWatch(command.limits), DiskWatch([command.cwd], command.limits.disk_bytes)
    cpu = CpuWatch(cpu_seconds, command.limits.cpu_seconds)
    watches: list[Watch] = [disk, cpu] if group.complete else [disk, cpu, tree]
    beginning = _Beginning(output)
    order = Order(
        argv=arguments(program, command),
        env=_ENV | dict(command.env),
        cwd="/",
        rlimits=rlimits(command.limits),
        join=group.joins,
        show=shown_paths(command),
        user=PLAIN_USER if os.geteuid() == 0 else None,
        sandbox=True,
    )
    try:
        ended = supervise(order, command.limits, watches, beginning, stop)
        if _never_began(ended, beginning.text):
            return not_started(_why(beginning.text))
        return make_exit(_inner(ended), Grounds(command, group, tree, disk))
    finally:
        group.remove()


class _Beginning:
    """Passes output on and remembers its beginning, where bwrap would say what went wrong."""

    def __init__(self, output: OutputSink) -> None:
        self._output = output
        self._seen = b""

    def __call__(self, piece: bytes) -> None:
        if len(self._seen) < _TROUBLE_BYTES:
            self._seen += piece[:_TROUBLE_BYTES]
        self._output(piece)

    @property
    def text(self) -> str:
        return self._seen.decode(errors="replace")


def _statuses(ended: Ended) -> dict[str, int]:
    """Return what bwrap wrote of itself; 'exit-code' only if the command had been started."""
    found: dict[str, int] = {}
    for line in str(ended.report.get("sandbox", "")).splitlines():
        found |= json.loads(line)
    return found


def _never_began(ended: Ended, said: str) -> bool:
    statuses = _statuses(ended)
    if statuses.get("exit-code") in _NOT_EXECUTED:
        return said.startswith(f"{LIMITER}: ")
    return ended.cut is None and ended.report.get("ended", 0) > 0 and "exit-code" not in statuses


def _inner(ended: Ended) -> Ended:
    """Tell a signal from a status: bwrap, as shells do, says 128 + the signal's number."""
    status = _statuses(ended).get("exit-code", ended.report.get("ended", -signal.SIGKILL))
    number = status - 128
    if number in signal.valid_signals():
        status = -number
    return replace(ended, report={**ended.report, "ended": status})


def _why(said: str) -> str:
    if missing := _MISSING_PROGRAM.match(said):
        return f"{missing[1]} was not found on this worker; install the tool it belongs to."
    lines = [line for line in said.splitlines() if line.startswith("bwrap: ")]
    trouble = lines[-1].removeprefix("bwrap: ") if lines else said.strip()
    if "namespace" in trouble or "uid map" in trouble:
        return f"{_NO_NAMESPACES} (bwrap said: {trouble})"
    return f"The sandbox could not be started: {trouble}."
