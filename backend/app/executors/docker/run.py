"""Looking after a container from its creation to its removal."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.logging import get_logger
from app.executors.base import Limits, OutputSink
from app.executors.docker.engine import Engine, EngineError
from app.executors.docker.report import ContainerEnd, Report, used_cpu_seconds
from app.executors.docker.sampler import Sampler
from app.executors.docker.stream import Stream
from app.executors.limiting import TICK_SECONDS, Act, Limiter
from app.executors.watches import Watch

log = get_logger(__name__)

#: How long the engine may take to say what a container has used, before that is killed, in seconds.
LAST_LOOK_SECONDS = 2.0


class ContainerRun:
    """One container; use as a context manager, which removes it."""

    def __init__(self, engine: Engine, container: str, asked: float) -> None:
        """`asked`: when it was asked for, by the monotonic clock."""
        self._asked = asked
        self._start_seconds: float | None = None
        self._engine = engine
        self._container = container
        self._report = Report()
        self._sampler = Sampler(engine, container)
        self._killing = threading.Thread(target=self._kill, name="kill container", daemon=True)
        self._kill_failed: EngineError | None = None
        #: Whether the engine has started it.
        self.started = False

    def __enter__(self) -> "ContainerRun":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._engine.remove(self._container)
        except EngineError as error:
            log.warning("container left to the upkeep", id=self._container, error=str(error))

    def to_end(
        self,
        limits: Limits,
        watches: Sequence[Watch],
        output: OutputSink,
        stop: threading.Event,
    ) -> ContainerEnd:
        """Start the container and look after it until it has ended. Raises EngineError."""
        with self._engine.attached(self._container) as stream:
            self._engine.start(self._container)
            self.started = True
            self._sampler.start()
            limiter = Limiter(limits, watches, stop)
            while not stream.ended:
                self._pass_output(stream, output, limiter)
                if self._look(limiter) is Act.TERM:
                    stream.say("TERM")
        self._sampler.close()
        if self._killing.ident is not None:
            self._killing.join()
        state = self._state_at_end(limiter)
        return ContainerEnd(
            *(limiter.seconds, limiter.cut, state),
            report=self._report,
            sample=self._sample,
            start_seconds=self._start_seconds,
        )

    def cpu_seconds(self, _: int) -> float:
        """Return the CPU time that the container has used, as the engine saw it last."""
        return used_cpu_seconds(self._sample)

    def _pass_output(self, stream: Stream, output: OutputSink, limiter: Limiter) -> None:
        for is_report, piece in stream.read(TICK_SECONDS):
            if is_report:
                self._report.take(piece)
                self._note_start()
            else:
                limiter.passed(len(piece))
                output(piece)

    def _note_start(self) -> None:
        if self._start_seconds is None and self._report.lines("began"):
            self._start_seconds = time.monotonic() - self._asked

    def _look(self, limiter: Limiter) -> Act | None:
        """Look whether the command has to end, and kill it; TERM is for start.sh to send."""
        act = limiter.look()
        if act is Act.KILL and self._killing.ident is None:
            self._killing.start()
        if self._kill_failed:
            raise self._kill_failed
        return act

    @property
    def _sample(self) -> Mapping[str, Any]:
        return self._sampler.sample

    def _kill(self) -> None:
        """Kill the container, in a thread: the engine waits until all output has been read.

        What it has used is asked for before: what start.sh would say at the end is never said.
        """
        self._sampler.look_now(LAST_LOOK_SECONDS)
        try:
            self._engine.kill(self._container)
        except EngineError as error:
            self._kill_failed = error

    def _state_at_end(self, limiter: Limiter) -> Mapping[str, Any]:
        """Return the state when it is final: init holds the output open, so that is soon."""
        pause = 0.002
        while (state := self._engine.state(self._container))["Running"]:
            self._look(limiter)
            time.sleep(pause)
            pause = min(2 * pause, TICK_SECONDS)
        return state
