"""One run: a site, its users, what goes wrong, and what came of it."""

import itertools
import math
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from app.db.engine import Database
from app.models import Job, JobStatus
from tests.chaos.faults import Blow, Faults, Record
from tests.chaos.load import Load
from tests.chaos.site import TIMES, Site, running_site
from tests.chaos.verdict import WITHOUT_EFFECT, Books, blow_to, problems
from tests.system.workers import wait_until

#: Jobs are submitted for this part of the time, so that the last ones are hit too.
SUBMITTING = 0.8
#: How long the jobs that are left when the last fault is mended may take, in seconds.
DRAIN_SECONDS = 240.0


@dataclass(frozen=True)
class Plan:
    """What is to be done. `seconds`: how long things go wrong."""

    seed: int = 1
    jobs: int = 300
    seconds: float = 120.0
    #: A key of KINDS.
    site: str = "postgresql"


@dataclass(frozen=True)
class Report:
    """What came of it; all is well if there are no `problems`."""

    plan: Plan
    seconds: float
    record: Record
    books: Books
    failovers: int
    recoveries: list[float]
    problems: list[str]

    def table(self) -> str:
        """Return it as text."""
        rows = [
            *((f"fault: {name}", count) for name, count in sorted(self.record.counts.items())),
            *((f"jobs: {name}", count) for name, count in sorted(self.books.statuses().items())),
            *(
                (f"attempts: {name}", count)
                for name, count in sorted(self.books.outcomes().items())
            ),
            ("failovers of Redis", self.failovers),
            ("jobs on again after a fault", len(self.recoveries)),
            ("  after, p50", f"{percentile(self.recoveries, 50):.2f} s"),
            ("  after, p99", f"{percentile(self.recoveries, 99):.2f} s"),
            ("lease", f"{TIMES['A6HUB_LEASE_SECONDS']} s"),
            ("problems", len(self.problems)),
        ]
        lines = [f"{name:<36}{value:>12}" for name, value in rows]
        title = f"chaos, seed {self.plan.seed}, {self.plan.site}, {self.seconds:.0f} s"
        return "\n".join([title, *lines, *self.problems])


def run(plan: Plan) -> Report:
    """Break a site for a while and return what came of it."""
    began = time.monotonic()
    with _folder() as folder, running_site(folder, plan.site) as site:
        faults = Faults(site, plan.seed)
        with Load(site, plan.seed, plan.jobs, SUBMITTING * plan.seconds) as load:
            faults.run(plan.seconds)
            load.join()
        books = _settle(site)
        failovers = site.servers.failovers()
        found = list(problems(site, load.seen, books, faults.record.blows))
        if found:
            _keep_logs(folder)
    recoveries = list(recovery_times(faults.record.blows, books))
    seconds = time.monotonic() - began
    return Report(plan, seconds, faults.record, books, failovers, recoveries, found)


def _settle(site: Site) -> Books:
    """Wait for the last job and for the upkeep to clear away what the dead have left."""
    database = Database(site.settings.database)
    open_jobs = select(func.count()).where(Job.status.in_([JobStatus.PENDING, JobStatus.RUNNING]))

    def over() -> bool:
        with database.reading() as session:
            return not session.scalar(open_jobs)

    def clear() -> bool:
        return not any(any(folder.iterdir()) for folder in site.work_dirs if folder.is_dir())

    try:
        wait_until(over, "all jobs have ended", DRAIN_SECONDS)
        wait_until(clear, "the work folders are gone")
    except AssertionError:
        pass  # the verdict tells which
    books = Books(database)
    database.close()
    return books


def recovery_times(blows: list[Blow], books: Books) -> Iterator[float]:
    """Yield how long each job that a fault took from its worker was not worked on, in seconds."""
    for attempts in books.attempts.values():
        for lost, following in itertools.pairwise(attempts):
            if lost.outcome in WITHOUT_EFFECT and (blow := blow_to(lost, blows)):
                yield max(0.0, following.started_at.timestamp() - blow.at)


def percentile(values: list[float], percent: int) -> float:
    """Return the value below which so many percent lie (nearest rank); NaN of none."""
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * percent / 100) - 1] if ordered else math.nan


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield a folder that the jobs' own user and the database's can enter."""
    with tempfile.TemporaryDirectory(prefix="a6hub-chaos-") as name:
        Path(name).chmod(0o711)
        try:
            yield Path(name)
        except BaseException:  # it goes on its way
            _keep_logs(Path(name))
            raise


def _keep_logs(folder: Path) -> None:
    """Copy the parts' logs to $A6HUB_CHAOS_LOGS, if that is set."""
    if target := os.environ.get("A6HUB_CHAOS_LOGS"):
        Path(target).mkdir(parents=True, exist_ok=True)
        for log in folder.rglob("*.log"):
            shutil.copy(log, target)
