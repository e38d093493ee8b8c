"""What a worker works with."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.executors.base import Executor
from app.jobs.abilities import Abilities
from app.jobs.context import Context
from app.jobs.watch import Watch
from app.toolchains.base import Toolchain


@dataclass(frozen=True)
class Bench:
    """A worker's connections and tools, and what it is called."""

    context: Context
    executor: Executor
    toolchains: Mapping[str, Toolchain]
    worker: str
    #: Told of the watch of each attempt when it begins.
    on_watch: Callable[[Watch], None]
    #: Set when the worker is about to go.
    going: threading.Event
    #: The worker that this process belongs to, as `presence` names it.
    station: str = ""
    #: What it has for sure (see turns.Taker).
    basic: Abilities | None = None
