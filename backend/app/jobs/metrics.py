"""What Prometheus is told of the whole installation: the same from every process.

A scrape costs nine small queries (`./a6hub bench metrics`): the tallies, one index entry for each
job that waits or runs, the oldest of the outbox, the workers, what is held back, and what waiting
jobs need. No label holds what users have named: users are told by their ids.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.clock import database_now
from app.db.engine import Database
from app.jobs.abilities import AWAY_AFTER
from app.jobs.counting import RUN_BOUNDS, START_BOUNDS, WAIT_BOUNDS
from app.jobs.holds import EVERYWHERE
from app.jobs.patience import PARTS
from app.jobs.tallies import Tallies, read_tallies
from app.jobs.waiting import stranded
from app.models import Hold, Job, JobStatus, JobType, OutboxMessage, WorkerReport
from app.storage.store import OPERATIONS


@dataclass(frozen=True)
class _Total:
    """A counter that is a tally. `always`: labels that are told from the beginning.

    Prometheus sees no increase in what was not there before.
    """

    tally: str
    labels: tuple[str, ...]
    text: str
    always: tuple[tuple[str, ...], ...] = ()


#: Of how many users the jobs are told: those that have most.
MOST_USERS = 20
#: Of how many the totals are told, besides those: else there were one more series for each ever.
MOST_TOTALS = 100
#: Those that alerts look for.
_FAULTS = (("lost", "worker_lost"), ("lost", "out_of_memory"), ("failed", "internal"))
TOTALS = (
    _Total("jobs_ended", ("job_type", "status", "reason"), "Jobs that have ended."),
    _Total(
        "attempts",
        ("job_type", "outcome", "reason"),
        "Attempts that have ended; `lost` and `released` ones end no job.",
        tuple((job_type, *fault) for job_type in JobType for fault in _FAULTS),
    ),
    _Total("log_bytes", ("job_type",), "Bytes that jobs have printed, also what caps left out."),
    _Total("artifact_bytes", ("job_type",), "Bytes of artifacts kept."),
    _Total(
        "attempt_outages",
        ("part",),
        "Times that attempts waited for a part that was away.",
        tuple((part,) for part in PARTS),
    ),
    _Total(
        "attempt_store_errors",
        ("operation",),
        "Errors of the store that attempts met; a missing object is none.",
        tuple((operation,) for operation in OPERATIONS),
    ),
    _Total(
        "attempt_cache_lookups",
        ("cache", "result"),
        "Looks of attempts for content that the store has already.",
        (("content", "hit"), ("content", "miss")),
    ),
    _Total(
        "user_run_seconds",
        ("user",),
        f"Seconds of workers that a user's attempts took; of the {MOST_TOTALS} with most of them "
        "and of those with jobs now.",
    ),
    _Total(
        "user_artifact_bytes",
        ("user",),
        "Bytes of artifacts kept of a user's jobs, also of those deleted since; of as many users.",
    ),
    _Total("steps_restored", ("step",), "Steps that an earlier attempt or job had done."),
)


class InstallationCollector(Collector):
    """Asks the database at each scrape; raises its errors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterator[Metric]:
        """Tell nothing before the first scrape: that would be a query."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        with self._database.reading() as session:
            tallies = read_tallies(session)
            jobs = _jobs(session)
            present = [
                *jobs,
                _oldest(session),
                _stranded(session),
                _workers(session),
                *_holds(session),
            ]
        yield from present
        users = {(sample.labels["user"],) for sample in jobs[-1].samples}
        yield from (_total(total, tallies, users) for total in TOTALS)
        wait = "Seconds from submission to the first attempt."
        yield _histogram("queue_wait", wait, WAIT_BOUNDS, tallies)
        yield _histogram("run", "Seconds of attempts, from claim to end.", RUN_BOUNDS, tallies)
        start = "Seconds until a container had begun its command, or a sandbox had been started."
        executors = [key[1] for key in tallies if key[0] == "executor_start_seconds"]
        yield _histogram("executor_start", start, START_BOUNDS, tallies, "executor", executors)
        yield _summary("step_seconds", "steps", "step", "Seconds that steps took.", tallies)
        overhead = "Seconds that executors took besides their commands: to start, to clear away."
        yield _summary(
            "executor_overhead_seconds", "executor_commands", "executor", overhead, tallies
        )


def _jobs(session: Session) -> Sequence[Metric]:
    jobs = GaugeMetricFamily("a6hub_jobs", "Jobs that wait or run.", labels=["job_type", "status"])
    users = GaugeMetricFamily(
        "a6hub_users", "Users with jobs that wait or run.", labels=["job_type", "status"]
    )
    busiest = GaugeMetricFamily(
        "a6hub_busiest_user_jobs", "The most that one user has.", labels=["job_type", "status"]
    )
    of_users = GaugeMetricFamily(
        "a6hub_user_jobs",
        f"Jobs of each of the {MOST_USERS} users that have most of them.",
        labels=["user", "job_type", "status"],
    )
    rows = session.execute(_BY_USER).all()
    for job_type in JobType:
        for status in (JobStatus.PENDING, JobStatus.RUNNING):
            counts = [row.jobs for row in rows if (row.job_type, row.status) == (job_type, status)]
            values = (sum(counts), len(counts), max(counts, default=0))
            for family, value in zip((jobs, users, busiest), values, strict=True):
                family.add_metric([job_type, status], value)
    for row in _of_busiest(rows):
        of_users.add_metric([str(row.user_id), row.job_type, row.status], row.jobs)
    return jobs, users, busiest, of_users


def _of_busiest(rows: Sequence[Any]) -> list[Any]:
    """Return the rows of the users that have most jobs."""
    total: Counter[int] = Counter()
    for row in rows:
        total[row.user_id] += row.jobs
    busiest = {user_id for user_id, _ in total.most_common(MOST_USERS)}
    return [row for row in rows if row.user_id in busiest]


def _oldest(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "a6hub_oldest_pending_seconds",
        "How long the oldest pending job has waited; 0 if none waits.",
        labels=["job_type"],
    )
    since = {row.queue: row.oldest for row in session.execute(_OLDEST)}
    now = database_now(session)
    for job_type in JobType:
        waiting = now - since.get(job_type, now)
        family.add_metric([job_type], max(0.0, waiting.total_seconds()))
    return family


def _stranded(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "a6hub_stranded_jobs",
        "Pending jobs that no worker can run which is there.",
        labels=["job_type"],
    )
    found = stranded(session)
    for job_type in JobType:
        family.add_metric([job_type], sum(one.count for one in found if one.queue == job_type))
    return family


def _workers(session: Session) -> Metric:
    family = GaugeMetricFamily(
        "a6hub_workers",
        "Workers that are `there`, or `away` without having signed off.",
        labels=["state"],
    )
    now = database_now(session)
    there = [
        now - seen_at < AWAY_AFTER for seen_at in session.scalars(select(WorkerReport.seen_at))
    ]
    family.add_metric(["there"], there.count(True))
    family.add_metric(["away"], there.count(False))
    return family


def _holds(session: Session) -> Sequence[Metric]:
    held = GaugeMetricFamily("a6hub_workers_held", "Workers that begin no jobs: they are drained.")
    maintenance = GaugeMetricFamily(
        "a6hub_maintenance_seconds", "How long maintenance has been on; 0 if it is not."
    )
    since = {hold.scope: hold.since for hold in session.scalars(select(Hold))}
    began = since.pop(EVERYWHERE, None)
    seconds = 0.0 if began is None else (database_now(session) - began).total_seconds()
    held.add_metric([], len(since))
    maintenance.add_metric([], max(0.0, seconds))
    return held, maintenance


def _total(total: _Total, tallies: Tallies, users: Iterable[tuple[str, ...]]) -> Metric:
    """Return a counter. `users`: who has jobs now; their totals are told from the beginning."""
    family = CounterMetricFamily(f"a6hub_{total.tally}", total.text, labels=total.labels)
    told = {
        tuple(labels): value for (name, *labels), value in tallies.items() if name == total.tally
    }
    if total.labels == ("user",):
        most = sorted(told, key=told.__getitem__, reverse=True)[:MOST_TOTALS]
        told = {labels: told.get(labels, 0.0) for labels in (*users, *most)}
    for labels, value in (dict.fromkeys(total.always, 0.0) | told).items():
        family.add_metric(labels, value)
    return family


def _histogram(
    name: str,
    text: str,
    bounds: tuple[float, ...],
    tallies: Tallies,
    label: str = "job_type",
    values: Sequence[str] = tuple(JobType),
) -> Metric:
    family = HistogramMetricFamily(f"a6hub_{name}_seconds", text, labels=[label])
    limits = [*(str(float(bound)) for bound in bounds), "+Inf"]
    for value in values:
        count, buckets = 0.0, []
        for place, limit in enumerate(limits):
            count += tallies.get((f"{name}_bucket", value, str(place)), 0)
            buckets.append((limit, count))
        total = tallies.get((f"{name}_seconds", value), 0)
        family.add_metric([value], buckets, total)
    return family


def _summary(name: str, count: str, label: str, text: str, tallies: Tallies) -> Metric:
    family = SummaryMetricFamily(f"a6hub_{name}", text, labels=[label])
    for (tally, *labels), number in tallies.items():
        if tally == count:
            family.add_metric(labels, int(number), tallies.get((name, *labels), 0))
    return family


# The queries are made once.

_BY_USER = (
    select(Job.job_type, Job.status, Job.user_id, func.count().label("jobs"))
    .where(Job.status.in_([JobStatus.PENDING, JobStatus.RUNNING]))
    .group_by(Job.status, Job.job_type, Job.user_id)
)
_OLDEST = select(OutboxMessage.queue, func.min(OutboxMessage.created_at).label("oldest")).group_by(
    OutboxMessage.queue
)
