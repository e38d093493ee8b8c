"""What goes wrong: faults, each with what mends it, in an order that a seed decides."""

import heapq
import itertools
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from app.core.clock import utcnow
from tests.chaos.servers import Server
from tests.chaos.site import END_SECONDS, TIMES, Part, Site

#: Returns whether it could be done already.
Mend = Callable[[], bool]
#: How soon a mend is tried again, in seconds.
AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Blow:
    """Processes that work on jobs were hit: when (seconds of the epoch), and which."""

    at: float
    pids: frozenset[int]


@dataclass
class Record:
    """What was done."""

    counts: Counter[str] = field(default_factory=Counter)
    blows: list[Blow] = field(default_factory=list)


class Faults:
    """Does harm to a site and mends it.

    A part that is down is not hit again before it is mended; one that is up again may be hit while
    it is still starting.
    """

    def __init__(self, site: Site, seed: int) -> None:
        self.record = Record()
        self._site = site
        self._random = random.Random(seed)
        self._down: set[str] = set()
        self._mends: list[tuple[float, int, str, Mend]] = []
        self._order = itertools.count()
        self._kinds: dict[str, Callable[[], bool]] = {
            "worker killed": self._kill_worker,
            "worker and its pool killed": self._kill_worker_and_pool,
            "pool process killed": self._kill_pool_process,
            "worker frozen past its lease": self._freeze_worker,
            "worker shut down": self._shut_down_worker,
            "Redis killed": self._kill_redis,
            "Redis killed, its data lost": self._lose_redis,
            "Redis emptied": self._empty_redis,
            "API killed": self._kill_api,
        }
        for name, server in site.servers.others.items():
            self._kinds[f"{name} killed"] = partial(self._kill_server, name, server)

    def run(self, seconds: float) -> None:
        """Do harm for so long, then mend all. Every kind comes up once before any comes twice."""
        end = time.monotonic() + seconds
        pause = seconds / max(20, 2 * len(self._kinds))
        bag: list[str] = []
        while time.monotonic() < end:
            bag = bag or self._random.sample(sorted(self._kinds), len(self._kinds))
            self._do(bag.pop())
            self._mend_until(time.monotonic() + self._random.uniform(0.5, 1.5) * pause)
        self._mend_until(float("inf"))

    def _do(self, kind: str) -> None:
        if self._kinds[kind]():
            self.record.counts[kind] += 1
            self._note(kind)

    def _note(self, words: str) -> None:
        """Write to a log beside the parts' own."""
        with (self._site.folder / "faults.log").open("a") as log:
            log.write(f"{utcnow():%H:%M:%S.%f} {words}\n")

    def _mend_until(self, end: float) -> None:
        while self._mends and self._mends[0][0] < end:
            due, _, name, mend = heapq.heappop(self._mends)
            time.sleep(max(0.0, due - time.monotonic()))
            if mend():
                self._down.discard(name)
                self._note(f"{name} is mended")
            else:
                self._break(name, AGAIN_SECONDS, mend)
        if end < float("inf"):
            time.sleep(max(0.0, end - time.monotonic()))

    def _break(self, name: str, seconds: float, mend: Mend) -> None:
        """Note that a part is down for so long."""
        self._down.add(name)
        heapq.heappush(self._mends, (time.monotonic() + seconds, next(self._order), name, mend))

    def _outage(self) -> float:
        return self._random.uniform(0.2, 4.0)

    def _some(self, parts: list[Part]) -> Part | None:
        up = [part for part in parts if part.name not in self._down and part.pid]
        return self._random.choice(up) if up else None

    def _hit(self, worker: Part, number: signal.Signals, pids: list[int]) -> None:
        self.record.blows.append(Blow(time.time(), frozenset(worker.family())))
        worker.signal(number, *pids)

    def _kill_worker(self) -> bool:
        worker = self._some(self._site.workers)
        if worker is None:
            return False
        self._hit(worker, signal.SIGKILL, [worker.pid])
        self._break(worker.name, self._outage(), _again(worker))
        return True

    def _kill_worker_and_pool(self) -> bool:
        worker = self._some(self._site.workers)
        if worker is None:
            return False
        self._hit(worker, signal.SIGKILL, worker.family())
        self._break(worker.name, self._outage(), _again(worker))
        return True

    def _kill_pool_process(self) -> bool:
        worker = self._some(self._site.workers)
        pool = worker.family()[1:] if worker else []
        if worker is None or not pool:
            return False
        victim = self._random.choice(pool)  # may be the upkeep: that counts too
        self.record.blows.append(Blow(time.time(), frozenset([victim])))
        worker.signal(signal.SIGKILL, victim)
        return True

    def _freeze_worker(self) -> bool:
        worker = self._some(self._site.workers)
        if worker is None:
            return False
        family = worker.family()
        self._hit(worker, signal.SIGSTOP, family)
        longer = float(TIMES["A6HUB_LEASE_SECONDS"]) + 1 + self._outage()

        def thaw() -> bool:
            worker.signal(signal.SIGCONT, *family)
            return True

        self._break(worker.name, longer, thaw)
        return True

    def _shut_down_worker(self) -> bool:
        worker = self._some(self._site.workers)
        if worker is None:
            return False
        self._hit(worker, signal.SIGTERM, [worker.pid])
        self._break(worker.name, 0.0, _again(worker))
        return True

    def _kill_redis(self) -> bool:
        return self._break_redis(_started(self._site.servers.redis))

    def _lose_redis(self) -> bool:
        def anew() -> bool:
            self._site.servers.redis.forget()
            self._site.servers.redis.start()
            return True

        return self._break_redis(anew)

    def _break_redis(self, mend: Mend) -> bool:
        if "redis" in self._down:
            return False
        self._site.servers.redis.kill()
        self._break("redis", self._random.uniform(*self._site.servers.redis_outage), mend)
        return True

    def _empty_redis(self) -> bool:
        if "redis" in self._down:
            return False
        self._site.servers.redis.empty()
        return True

    def _kill_api(self) -> bool:
        api = self._some(self._site.apis)
        if api is None:
            return False
        api.signal(signal.SIGKILL, api.pid)
        self._break(api.name, self._outage(), _again(api))
        return True

    def _kill_server(self, name: str, server: Server) -> bool:
        if name in self._down:
            return False
        server.kill()
        self._break(name, self._outage(), _started(server))
        return True


def _again(part: Part) -> Mend:
    """Return what starts a part again, which may still be about to end."""
    deadline = time.monotonic() + END_SECONDS

    def mend() -> bool:
        if part.pid and time.monotonic() < deadline:
            return False
        part.wait(0.0)
        part.start()
        return True

    return mend


def _started(server: Server) -> Mend:
    def mend() -> bool:
        server.start()
        return True

    return mend
