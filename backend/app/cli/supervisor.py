"""One supervisor for the stack's processes: orderly start and stop, and what dies is restarted."""

import signal
import time

from app.cli.child import Child, Say
from app.cli.parts import Part
from app.cli.stack import Stack

#: How long a part may take to be ready, in seconds.
START_SECONDS = 90.0
#: How often whoever waits for a slow part is told what it last said, in seconds.
NEWS_SECONDS = 10.0
#: How often the children are looked at, in seconds.
POLL_SECONDS = 0.05
#: The order in which parts stop: no new jobs first; what all others need last. Others: 1.
_STOP_PLACE = {"api": 0, "redis": 2}


class StartError(Exception):
    """The stack cannot be started; the text says why, and where the log is."""


class Supervisor:
    """Runs a stack until it is told to stop by SIGTERM, SIGINT or SIGHUP."""

    def __init__(self, stack: Stack, say: Say) -> None:
        self.stopping = False
        self._stack = stack
        self._say = say
        self._ready = False
        self._children: list[Child] = []
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop_soon)

    def start(self, *parts: Part) -> None:
        """Start parts side by side; see `await_parts`."""
        for part in parts:
            log = self._stack.log(part.name)
            if log.exists():
                log.replace(log.with_suffix(".log.1"))
            child = Child(part, self._stack.environment(), log)
            self._children.append(child)
            child.start()
        self._describe()

    def await_parts(self, *parts: Part) -> None:
        """Return when these parts are ready, or stopping was asked for; StartError if one fails."""
        deadline = time.monotonic() + START_SECONDS
        news = time.monotonic() + NEWS_SECONDS
        waiting = [child for child in self._children if child.part in parts]
        while waiting and not self.stopping:
            for child in waiting:
                if not child.pid or time.monotonic() > deadline:
                    raise StartError(f"{child.part.name} did not start: {_last_line(child)}")
            waiting = [child for child in waiting if not child.part.is_ready()]
            if time.monotonic() > news:
                news += NEWS_SECONDS
                self._tell(waiting)
            time.sleep(POLL_SECONDS if waiting else 0)

    def _tell(self, waiting: list[Child]) -> None:
        for child in waiting:
            self._say(f"waiting for {child.part.name}: {_last_line(child)}")

    def mark_ready(self) -> None:
        """Note that requests are taken."""
        self._ready = True
        self._describe()

    def keep_running(self) -> None:
        """Restart what dies, until it is time to stop."""
        while not self.stopping:
            before = self._pids()
            for child in self._children:
                child.look(self._say)
            if self._pids() != before:
                self._describe()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop the API, then all others, then Redis; each group is waited for."""
        by_place: dict[int, list[Child]] = {}
        for child in self._children:
            by_place.setdefault(_STOP_PLACE.get(child.part.name, 1), []).append(child)
        for _, group in sorted(by_place.items()):
            for child in group:
                child.terminate()
            for child in group:
                child.wait()

    def _stop_soon(self, *_: object) -> None:
        self.stopping = True

    def _pids(self) -> dict[str, int]:
        return {child.part.name: child.pid for child in self._children}

    def _describe(self) -> None:
        self._stack.write_description(self._pids(), self._ready)


def _last_line(child: Child) -> str:
    lines = child.log.read_text(errors="replace").strip().splitlines() or ["it says nothing"]
    return f"{lines[-1]} (its log: {child.log})"
