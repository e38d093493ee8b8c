"""The worker's side of a running command: its output, its clock, its limits and its end.

See app.executors.keeper for the process between the worker and the command.
"""

import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import app
from app.executors.base import Limits, Outcome, OutputSink
from app.executors.keeper import KILL, LENGTH_DIGITS, TERM
from app.executors.limiting import TICK_SECONDS, Act, Limiter
from app.executors.watches import Watch

_MESSAGES = {Act.TERM: TERM, Act.KILL: KILL}
_PIECE_BYTES = 65536
_START = "import sys; sys.path.insert(0, {root!r}); from app.executors.keeper import main; main()"


@dataclass(frozen=True)
class Order:
    """What a keeper is told: how to start the command."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    rlimits: Mapping[str, int] = field(default_factory=dict)  # by names of the module `resource`
    join: Sequence[str] = ()  # the cgroup.procs files to enter
    #: Paths that a sandbox shows: '@path@' in argv becomes where it finds them, and '@status@' the
    #: descriptor to which it writes its status.
    show: Sequence[str] = ()
    user: int | None = None  # user and group to become
    sandbox: bool = False  # argv is a sandbox of two processes around the command


@dataclass(frozen=True)
class Ended:
    """How a command ended. `cut` is why we ended it, if we did; `report` is the keeper's."""

    seconds: float
    cut: Outcome | None
    report: Mapping[str, Any]
    start_seconds: float | None = None


def supervise(
    order: Order,
    limits: Limits,
    watches: Sequence[Watch],
    output: OutputSink,
    stop: threading.Event,
) -> Ended:
    """Run a command to its end; nothing of it is left when this returns or raises.

    Raises only what `output` raises, and OSError when not even a keeper can be started.
    """
    run = _Run(order, limits, watches, stop)
    try:
        run.pass_output(output)
        return run.ended()
    finally:
        run.close()


class _Run:
    def __init__(
        self, order: Order, limits: Limits, watches: Sequence[Watch], stop: threading.Event
    ) -> None:
        self._asked = time.monotonic()
        self._limiter = Limiter(limits, watches, stop)
        self._reported = b""
        self._report_ended = False
        self._output, output = os.pipe()
        self._report, report = os.pipe()
        self._control, control = socket.socketpair()
        try:
            self._keeper = _start_keeper(control.fileno(), output, report)
            self._tell(_framed(order))
        except OSError:
            self._hang_up()
            raise
        finally:
            control.close()
            os.close(output)
            os.close(report)

    def pass_output(self, sink: OutputSink) -> None:
        """Pass output on until the keeper has reported; watch the limits meanwhile.

        The report comes last: what is in the output pipe then is all there will be. (Whether the
        pipe has been closed says nothing: a process elsewhere may hold it open.)
        """
        os.set_blocking(self._output, False)
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        poll.register(self._report, select.POLLIN)
        while not self._report_ended:
            for descriptor, _ in poll.poll(TICK_SECONDS * 1000):
                if descriptor == self._report:
                    self._take_report()
                elif not self._pass_piece(sink):
                    poll.unregister(descriptor)
            self._look()
        while self._pass_piece(sink):
            pass

    def ended(self) -> Ended:
        """Return the end that the keeper reported."""
        self._keeper.wait()
        text = self._reported.decode()  # nothing, if somebody killed the keeper
        report = json.loads(text) if text else {}
        began = report.get("began")  # by the same clock: it is the machine's
        start = None if began is None else began - self._asked
        return Ended(self._limiter.seconds, self._limiter.cut, report, start)

    def close(self) -> None:
        """Make sure that all is gone, however we got here."""
        self._control.close()  # which tells the keeper to kill
        self._keeper.wait()
        self._hang_up()

    def _hang_up(self) -> None:
        self._control.close()
        os.close(self._output)
        os.close(self._report)

    def _take_report(self) -> None:
        piece = os.read(self._report, _PIECE_BYTES)
        self._reported += piece
        self._report_ended = not piece

    def _pass_piece(self, sink: OutputSink) -> bool:
        """Pass a piece of output on; return False when there is none."""
        try:
            piece = os.read(self._output, _PIECE_BYTES)
        except BlockingIOError:
            return False
        if piece:
            self._limiter.passed(len(piece))
            sink(piece)
        return bool(piece)

    def _look(self) -> None:
        act = self._limiter.look(self._keeper.pid)
        if act is not None:
            self._tell(_MESSAGES[act])

    def _tell(self, message: bytes) -> None:
        try:
            self._control.sendall(message)
        except OSError:
            return  # the keeper has ended, and with it the command


def _framed(order: Order) -> bytes:
    data = json.dumps(asdict(order)).encode()
    return str(len(data)).zfill(LENGTH_DIGITS).encode() + data


def _start_keeper(control: int, output: int, report: int) -> subprocess.Popen[bytes]:
    """Start a keeper; OSError when that fails. It dies with the calling thread's process."""
    root = str(Path(app.__file__).parents[1])
    start = _START.format(root=root)
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", start, str(os.getpid()), str(report)],
        stdin=control,
        stdout=output,
        stderr=output,
        env={},
        pass_fds=(report,),
        start_new_session=True,
    )
