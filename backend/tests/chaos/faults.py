"""What goes wrong: faults, each with what mends it, in an order that a seed decides."""

import heapq
import itertools
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.site import TIMES, Part, Site

Mend = Callable[[], None]


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
        if site.postgresql is not None:
            self._kinds["database killed"] = self._kill_database

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

    def _mend_until(self, end: float) -> None:
        while self._mends and self._mends[0][0] < end:
            due, _, name, mend = heapq.heappop(self._mends)
            time.sleep(max(0.0, due - time.monotonic()))
            mend()
            self._down.discard(name)
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
        self._break(worker.name, self._outage(), lambda: _again(worker))
        return True

    def _kill_worker_and_pool(self) -> bool:
        worker = self._some(self._site.workers)
        if worker is None:
            return False
        self._hit(worker, signal.SIGKILL, worker.family())
        self._break(worker.name, self._outage(), lambda: _again(worker))
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
        self._break(worker.name, longer, lambda: worker.signal(signal.SIGCONT, *family))
        return True

    def _shut_down_worker(self) -> bool:
        worker = self._some(self._site.workers)
        if worker is None:
            return False
        self._hit(worker, signal.SIGTERM, [worker.pid])
        self._break(worker.name, 0.0, lambda: _again(worker))
        return True

    def _kill_redis(self) -> bool:
        return self._break_redis(self._site.redis.start)

    def _lose_redis(self) -> bool:
        def anew() -> None:
            self._site.redis.forget()
            self._site.redis.start()

        return self._break_redis(anew)

    def _break_redis(self, mend: Mend) -> bool:
        if "redis" in self._down:
            return False
        self._site.redis.kill()
        self._break("redis", self._outage(), mend)
        return True

    def _empty_redis(self) -> bool:
        if "redis" in self._down:
            return False
        self._site.redis.empty()
        return True

    def _kill_api(self) -> bool:
        api = self._some(self._site.apis)
        if api is None:
            return False
        api.signal(signal.SIGKILL, api.pid)
        self._break(api.name, self._outage(), lambda: _again(api))
        return True

    def _kill_database(self) -> bool:
        server = self._site.postgresql
        if server is None or "database" in self._down:
            return False
        server.kill()
        self._break("database", self._outage(), server.start)
        return True


def _again(part: Part) -> None:
    part.wait()
    part.start()
