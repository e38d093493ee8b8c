"""A pool process's bench: opened once per process, after the fork."""

import os
import socket
from functools import lru_cache

from app.core.settings import get_settings
from app.executors.registry import make_executor
from app.jobs.abilities import Abilities
from app.jobs.bench import Bench
from app.jobs.broker import make_redis
from app.jobs.context import Context
from app.jobs.live import CancelListener
from app.toolchains.registry import make_toolchains, ready_toolchains
from app.workers.watches import watches


@lru_cache
def get_bench() -> Bench:
    """Return this process's bench, and begin to listen for cancels."""
    settings = get_settings()
    station = f"{socket.gethostname()}:{os.getppid()}"
    watches.listen()
    CancelListener(make_redis(settings), watches.nudge).start()
    return Bench(
        context=Context.open(settings),
        executor=make_executor(settings),
        toolchains=make_toolchains(settings),
        worker=f"{station}/{os.getpid()}",
        on_watch=watches.begin,
        going=watches.going,
        station=station,
        basic=Abilities(ready_toolchains(settings)),
    )
