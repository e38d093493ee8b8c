"""What a scrape costs, and the counting of what has ended, beside many jobs.

    ./a6hub bench metrics --ended 100000 --waiting 5000

On SQLite and on PostgreSQL; the median of several scrapes, each with its text.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import insert

from app.core.clock import utcnow
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade
from app.jobs.metrics import InstallationCollector
from app.jobs.tallies import tally
from app.models import Attempt, Job, OutboxMessage, Revision
from tests.jobs.factories import NO_TREE, make_project, make_user
from tests.servers import PostgreSQL

_USERS = 20
_SCRAPES = 15


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ended", type=int, default=100_000)
    parser.add_argument("--waiting", type=int, default=5_000)
    arguments = parser.parse_args()
    print(f"{'':12}{'scrape, ms':>12}{'count all, s':>14}{'count 100, ms':>15}")
    with tempfile.TemporaryDirectory(prefix="a6hub-bench-") as folder:
        for name, database in _databases(Path(folder)):
            scrape, everything, few = _measure(database, arguments.ended, arguments.waiting)
            print(f"{name:12}{1e3 * scrape:12.1f}{everything:14.2f}{1e3 * few:15.1f}")


def _measure(database: Database, ended: int, waiting: int) -> tuple[float, float, float]:
    """Return the seconds of a scrape, of counting all ends, and of counting 100 more."""
    count = partial(tally, database, (), timedelta(0))
    _fill(database, 1, ended, waiting)
    everything = _seconds(count)
    _fill(database, 1 + ended + waiting, 100, 0)
    few = _seconds(count)
    registry = CollectorRegistry()
    registry.register(InstallationCollector(database))
    times = [_seconds(partial(generate_latest, registry)) for _ in range(_SCRAPES)]
    return statistics.median(times), everything, few


def _databases(folder: Path) -> Iterator[tuple[str, Database]]:
    with _opened(f"sqlite:///{folder}/a6hub.sqlite3", folder) as database:
        yield "SQLite", database
    server = PostgreSQL(folder / "pg")
    folder.chmod(0o755)  # its user must be able to enter
    server.start()
    try:
        server.execute("CREATE DATABASE bench")
        with _opened(server.at("bench"), folder) as database:
            yield "PostgreSQL", database
    finally:
        server.stop()


@contextmanager
def _opened(url: str, folder: Path) -> Iterator[Database]:
    upgrade(Settings(data_dir=folder, database_url=url))
    database = Database(url)
    yield database
    database.close()


def _fill(database: Database, first: int, ended: int, waiting: int) -> None:
    """Add jobs that have just ended, one attempt each, and others that wait."""
    users = [make_user(database, f"user {first} {n}") for n in range(_USERS)]
    project = make_project(database, users[0], f"project {first}")
    now = utcnow()
    with database.writing() as session:
        revision = Revision(project_id=project.id, tree_digest=NO_TREE)
        session.add(revision)
        session.flush()
        same: dict[str, Any] = {
            "project_id": project.id,
            "revision_id": revision.id,
            "toolchain": "icarus",
        }
        same |= {"job_type": "simulation", "config": {}, "max_seconds": 60, "created_at": now}
        ids = range(first, first + ended + waiting)
        done: list[dict[str, Any]] = [
            {"status": "completed", "started_at": now, "ended_at": now}
        ] * ended
        left: list[dict[str, Any]] = [
            {"status": "pending", "started_at": None, "ended_at": None}
        ] * waiting
        jobs: list[dict[str, Any]] = [
            {**same, **state, "id": n, "user_id": users[n % _USERS].id}
            for n, state in zip(ids, [*done, *left], strict=True)
        ]
        session.execute(insert(Job), jobs)
        attempt = {"number": 1, "worker": "w", "started_at": now, "ended_at": now}
        tries = [{**attempt, "job_id": n, "outcome": "completed"} for n in ids[:ended]]
        session.execute(insert(Attempt), tries)
        place = {"queue": "simulation", "priority": 1, "created_at": now}
        places = [{**place, "job_id": job["id"], "user_id": job["user_id"]} for job in jobs[ended:]]
        if places:
            session.execute(insert(OutboxMessage), places)


def _seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
