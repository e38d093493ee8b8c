"""What the queue costs: jobs that do nothing beside bare Celery tasks that do nothing.

    ./a6hub bench queue

Same Redis, same Celery settings, same number of pool processes, in one run, taking turns. Latency
is from the call that submits to the moment at which the command, or the task, begins, all idle.
Throughput is that of a worker that finds everything queued, from the first start to the last end.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from celery import Celery
from sqlalchemy import func, select

from app.accounts.users import ensure_admin
from app.cli.stack import BACKEND
from app.core.settings import Settings
from app.db.migrate import upgrade
from app.jobs.context import Context
from app.jobs.submit import Request, submit
from app.models import Job, JobStatus, JobType, Project, User
from app.projects.files import Bounds, put_files
from app.storage.blobs import put_blob
from tests.servers import PostgreSQL, RedisServer

BARE_QUEUE, BARE_TASK, STARTS = "bare", "benchmarks.bare", "benchmark:starts"
#: How long anything may take, in seconds.
PATIENCE = 300.0
USERS = 8


class Site:
    """Redis, a database, and users with a project each."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.redis = context.broker.redis
        self.celery = Celery("bare", broker=context.settings.broker_url, set_as_current=False)
        self.celery.conf.update(task_ignore_result=True, task_default_queue=BARE_QUEUE)
        self._places = [_make_project(context, f"user {number}") for number in range(USERS)]
        self._turn = 0

    def submit_job(self) -> None:
        """Submit a job, of each user in turn."""
        user, project = self._places[self._turn % USERS]
        self._turn += 1
        submit(self.context, user, Request(project.id, JobType.SIMULATION, {}))

    def submit_bare(self) -> None:
        """Send a bare task."""
        self.celery.send_task(BARE_TASK, queue=BARE_QUEUE)

    def open_jobs(self) -> int:
        """Return how many jobs have not ended."""
        open_ = Job.status.in_([JobStatus.PENDING, JobStatus.RUNNING])
        with self.context.database.reading() as session:
            return session.scalar(select(func.count()).where(open_)) or 0

    def starts(self) -> list[float]:
        """Return when things have begun since the last call."""
        with self.redis.pipeline() as pipe:
            pipe.lrange(STARTS, 0, -1)
            pipe.delete(STARTS)
            return [float(moment) for moment in pipe.execute()[0]]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=100, help="latencies of each kind")
    parser.add_argument("--jobs", type=int, default=400, help="jobs in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    with _site(arguments.database) as site:
        with worker(site, "simulation,bare"):
            latencies = measure_latency(site, arguments.samples)
        rates = measure_rates(site, arguments.jobs, arguments.rounds)
    print(f"{arguments.database:<24}{'bare Celery':>14}{'a6hub':>14}{'ratio':>8}")
    for percent in (50, 99):
        bare, ours = (1000 * percentile(values, percent) for values in latencies)
        row(f"submit to start, p{percent}", bare, ours, "ms")
    bare, ours = (statistics.median(values) for values in rates)
    row("nothings a second", bare, ours, "/s")


def measure_latency(site: Site, samples: int) -> tuple[list[float], list[float]]:
    """Return latencies in seconds of bare tasks and of jobs, taken in turn."""
    site.starts()
    bare: list[float] = []
    jobs: list[float] = []
    for number in range(samples + 5):
        for submit_one, values in ((site.submit_bare, bare), (site.submit_job, jobs)):
            began = time.time()
            submit_one()
            _wait(lambda: site.redis.llen(STARTS) > 0)
            (started,) = site.starts()
            _wait(lambda: site.open_jobs() == 0)
            if number >= 5:  # the first ones warm up
                values.append(started - began)
    return bare, jobs


def measure_rates(site: Site, jobs: int, rounds: int) -> tuple[list[float], list[float]]:
    """Return how many bare tasks and how many jobs a worker does in a second, for each round."""
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(_rate(site, jobs, site.submit_bare, BARE_QUEUE, lambda: True))
        ours.append(_rate(site, jobs, site.submit_job, "simulation", lambda: site.open_jobs() == 0))
    return bare, ours


def _rate(
    site: Site, count: int, submit_one: Callable[[], None], queue: str, over: Callable[[], bool]
) -> float:
    site.starts()
    for _ in range(count):
        submit_one()
    with worker(site, queue):
        _wait(lambda: site.redis.llen(STARTS) >= count and over())
        ended = time.time()
    return count / (ended - min(site.starts()))


@contextmanager
def worker(site: Site, queues: str) -> Iterator[None]:
    """Run a worker with two pool processes until the end of the block."""
    settings = site.context.settings
    environment = {
        **os.environ,
        "A6HUB_DATA_DIR": str(settings.data_dir),
        "A6HUB_DATABASE_URL": settings.database,
        "CELERY_BROKER_URL": settings.broker_url,
        "A6HUB_LOG_LEVEL": "WARNING",
    }
    celery = [sys.executable, "-m", "celery", "-A", "benchmarks.noop_app", "worker"]
    options = [f"--queues={queues}", "--concurrency=2", "--without-mingle", "--loglevel=warning"]
    log = settings.data_dir / "worker.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*celery, *options], cwd=BACKEND, env=environment, stdout=output, stderr=output
        )
    try:
        yield
    except TimeoutError as error:
        raise SystemExit(f"{error}\n{log.read_text(errors='replace')[-4000:]}") from None
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def _site(database: str) -> Iterator[Site]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="a6hub-bench-")))
        (folder / "redis").mkdir()
        redis = RedisServer(folder / "redis", durable=True)
        redis.start()
        stack.callback(redis.stop)
        url = _start_postgresql(folder, stack) if database == "postgresql" else ""
        settings = Settings(data_dir=folder, database_url=url, celery_broker_url=redis.url)
        upgrade(settings)
        context = Context.open(settings)
        stack.callback(context.close)
        yield Site(context)


def _start_postgresql(folder: Path, stack: ExitStack) -> str:
    server = PostgreSQL(folder / "pg")
    server.start()
    stack.callback(server.stop)
    server.execute("CREATE DATABASE a6hub")
    return server.at("a6hub")


def _make_project(context: Context, name: str) -> tuple[User, Project]:
    ensure_admin(context.database, name, "only for this run")
    content = b"module tb; endmodule"
    with context.database.writing() as session:
        user = session.scalars(select(User).where(User.username == name)).one()
        project = Project(owner_id=user.id, name="nothing")
        session.add(project)
        session.flush()
        file = (put_blob(context.store, content), len(content))
        put_files(session, project, {"tb.v": file}, Bounds(10, 10_000))
    return user, project


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the worker does not do what it is given")
        time.sleep(0.002)


def percentile(values: list[float], percent: int) -> float:
    """Return the value below which so many percent lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def row(name: str, bare: float, ours: float, unit: str) -> None:
    """Print a line of the table."""
    print(f"{name:<24}{bare:>11.1f} {unit}{ours:>11.1f} {unit}{ours / bare:>8.2f}")


if __name__ == "__main__":
    main()
