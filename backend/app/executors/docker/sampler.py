"""What a running container uses, looked at beside it.

In a thread, because the engine may answer no question about a container while what it prints is not
being read.
"""

import threading
from collections.abc import Mapping
from typing import Any

from app.executors.docker.engine import Engine, EngineError

#: How often the engine is asked, in seconds.
SAMPLE_SECONDS = 1.0


class Sampler:
    """Keeps the newest statistics that say anything."""

    def __init__(self, engine: Engine, container: str) -> None:
        #: As the engine gives them; empty before the first.
        self.sample: Mapping[str, Any] = {}
        self._wake = threading.Event()
        self._answered = threading.Event()
        self._engine = engine
        self._container = container
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="container usage", daemon=True)

    def start(self) -> None:
        """Begin; the container runs."""
        self._thread.start()

    def look_now(self, seconds: float) -> None:
        """Have the engine asked now; returns when it has answered, or after so long."""
        self._answered.clear()
        self._wake.set()
        if self._thread.is_alive():
            self._answered.wait(seconds)

    def close(self) -> None:
        """Ask no more; returns when the last answer has come."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.wait(SAMPLE_SECONDS)
            self._wake.clear()
            if self._closing:
                return
            try:
                self._take(self._engine.stats(self._container))
            except EngineError:
                return  # it has ended, or the engine has, which others notice
            finally:
                self._answered.set()

    def _take(self, sample: Mapping[str, Any]) -> None:
        """Keep a sample, unless it is an empty one of a container that has just ended."""
        if sample.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage"):
            self.sample = sample
