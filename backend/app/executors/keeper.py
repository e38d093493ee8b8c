"""The keeper: a process that stands between the worker and one command.

Theory of operation. The worker starts a keeper in a session of its own, with three channels: a
control socket (the keeper's standard input), the output pipe (its standard output and error, which
the command inherits) and a report pipe. The keeper reads its order, JSON, starts the
command and waits. It is the 'subreaper' of all that the command starts: a process that loses its
parent, by a double fork or otherwise, becomes the keeper's child. So 'nothing survives' is: kill
what is below the keeper until it has no children left. It does so

- when the command itself has ended (a background process must not outlive it),
- when the worker says KILL,
- when the worker is gone: the control socket ends, or the kernel sends the keeper TERM.

Then it reports how the command ended and exits. It is a program of its own, not a thread, because
a fork in a process with threads is unsafe and because it has to outlive a worker that is killed.
Only the standard library is used, and of it little: it starts in some 20 ms.
"""

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time

from app.executors.kernel import (
    SET_CHILD_SUBREAPER,
    SET_NO_NEW_PRIVS,
    SET_PDEATHSIG,
    bind,
    mount,
    own_mounts,
    prctl,
)
from app.executors.procfs import descendants

TYPE_CHECKING = False  # typing's own would take as long to load as json
if TYPE_CHECKING:
    from typing import Any, NoReturn

TERM = b"T"
KILL = b"K"
#: An order is preceded by its length, in so many digits.
LENGTH_DIGITS = 8
_CONTROL = 0
_PAUSE_SECONDS = 0.002
_STAGE = "/tmp"  # noqa: S108  # covered by an empty filesystem that only the sandbox's maker sees


def main() -> None:
    """Keep one command; argv: the worker's process id and the report pipe's descriptor."""
    worker, report = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(report, False)  # the command must not write its own report
    signal.signal(signal.SIGTERM, lambda *_: _clear_away())
    prctl(SET_PDEATHSIG, signal.SIGTERM)
    prctl(SET_CHILD_SUBREAPER, 1)
    if os.getppid() != worker:
        sys.exit(1)
    order = _read_order()
    result = _keep(order)
    with contextlib.suppress(BrokenPipeError):
        os.write(report, json.dumps(result).encode())


def _read_order() -> "dict[str, Any]":
    """Read the order, and not a byte more: TERM or KILL may follow at once."""
    size = int(_read_exactly(LENGTH_DIGITS))
    order: dict[str, Any] = json.loads(_read_exactly(size))
    return order


def _read_exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(_CONTROL, size - len(data))
        if not piece:
            sys.exit(1)
        data += piece
    return data


def _keep(order: "dict[str, Any]") -> "dict[str, Any]":
    try:
        status_read, status_write = os.pipe()
        pid = _start(order, status_write)
    except OSError as error:
        return {"error": error.errno, "subject": error.filename or order["argv"][0]}
    began = time.monotonic()
    os.close(status_write)
    _wait_or_obey(pid, 2 if order["sandbox"] else 0)
    status = _clear_away(pid)
    ended = os.waitstatus_to_exitcode(status)
    return {"began": began, "ended": ended, "sandbox": _read_all(status_read), **_usage()}


def _start(order: "dict[str, Any]", status: int) -> int:
    """Fork and start the command; OSError when the program cannot be started."""
    failed_read, failed_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(order, status, failed_write)
    os.close(failed_write)
    failure = _read_all(failed_read)
    if failure:
        os.waitpid(pid, 0)
        fault = json.loads(failure)
        raise OSError(fault["errno"], os.strerror(fault["errno"]), fault["subject"])
    return pid


def _become(order: "dict[str, Any]", status: int, failed: int) -> "NoReturn":
    """Turn this forked process into the command, or tell why not and exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.set_inheritable(status, order["sandbox"])
        marks = {"@status@": str(status)}
        marks |= {f"@{path}@": place for path, place in _places(order).items()}
        argv = [marks.get(word, word) for word in order["argv"]]
        _confine(order)
        os.chdir(order["cwd"])
        os.execvpe(argv[0], argv, order["env"])  # noqa: S606  # there is no shell, which is the point
    except OSError as error:
        subject = error.filename if isinstance(error.filename, str) else order["argv"][0]
        fault = {"errno": error.errno, "subject": subject}
        os.write(failed, json.dumps(fault).encode())
    finally:
        os._exit(127)


def _confine(order: "dict[str, Any]") -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.setsid()
    for file in order["join"]:
        with open(file, "w") as group:  # noqa: PTH123  # pathlib would cost a millisecond
            group.write("0")
    for name, value in order["rlimits"].items():
        resource.setrlimit(getattr(resource, name), (value, value))
    if order["user"]:
        os.setgroups([])
        os.setresgid(*[order["user"]] * 3)
        os.setresuid(*[order["user"]] * 3)
    if not order["sandbox"]:
        # Without it the command could become somebody whom the keeper cannot kill.
        prctl(SET_NO_NEW_PRIVS, 1)


def _places(order: "dict[str, Any]") -> dict[str, str]:
    """Return where the sandbox finds each path that it shall show.

    A plain user need not be able to walk to them. So before root becomes one, they are bound into
    a small filesystem on /tmp, in a mount namespace of this process.
    """
    paths = order["show"]
    if order["user"] is None or not own_mounts():
        return {path: path for path in paths}
    handles = [os.open(path, os.O_PATH) for path in paths]
    mount("a6hub", _STAGE, "tmpfs", 0, "mode=755")
    places = {path: f"{_STAGE}/{number}" for number, path in enumerate(paths)}
    for handle, place in zip(handles, places.values(), strict=True):
        bind(handle, place)
    return places


def _wait_or_obey(pid: int, spare: int) -> None:
    """Return when the command has ended or everything has to be killed."""
    ended = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(_CONTROL, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        if _CONTROL in ready and os.read(_CONTROL, 1) != TERM:
            return
        if ended in ready:
            return
        # A sandbox's own processes would take the whole tree down at once.
        pids = descendants(os.getpid())[spare:]
        if not pids:
            return
        _signal(pids, signal.SIGTERM)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _clear_away(main_pid: int = -1) -> int:
    """Kill what is below until there is nothing, and return how `main_pid` ended."""
    status = 0
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, ending = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                # Again and again: /proc may miss a child while another one ends.
                _signal(descendants(os.getpid()), signal.SIGKILL)
                time.sleep(_PAUSE_SECONDS)
            status = ending if pid == main_pid else status
    if main_pid == -1:
        os._exit(1)
    return status


def _usage() -> dict[str, float]:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss << 10}


def _read_all(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb") as pipe:
        return pipe.read().decode()
