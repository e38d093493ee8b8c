"""What is so at this moment: jobs that wait or run, workers, and what is held back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.clock import database_now
from app.jobs.abilities import AWAY_AFTER
from app.jobs.holds import EVERYWHERE
from app.jobs.waiting import stranded
from app.models import Hold, Job, JobStatus, JobType, OutboxMessage, WorkerReport

#: Of how many users the jobs are told: those that have most.
MOST_USERS = 20


@dataclass(frozen=True)
class Present:
    """`users`: the ids of those whose jobs are told."""

    metrics: Sequence[Metric]
    users: frozenset[str]


def look(session: Session) -> Present:
    """Ask the database."""
    rows = session.execute(_BY_USER).all()
    of_users = _jobs_of_users(rows)
    users = frozenset(sample.labels["user"] for sample in of_users.samples)
    parts = (_oldest(session), _stranded(session), _workers(session), *_holds(session))
    return Present((*_jobs(rows), of_users, *parts), users)


def _jobs(rows: Sequence[Any]) -> Sequence[Metric]:
    """Return the jobs by type and status, how many users have some, and the most that one has."""
    labels = ["job_type", "status"]
    families = (
        GaugeMetricFamily("a6hub_jobs", "Jobs that wait or run.", labels=labels),
        GaugeMetricFamily("a6hub_users", "Users with jobs that wait or run.", labels=labels),
        GaugeMetricFamily("a6hub_busiest_user_jobs", "The most that one user has.", labels=labels),
    )
    for job_type in JobType:
        for status in (JobStatus.PENDING, JobStatus.RUNNING):
            counts = [row.jobs for row in rows if (row.job_type, row.status) == (job_type, status)]
            values = (sum(counts), len(counts), max(counts, default=0))
            for family, value in zip(families, values, strict=True):
                family.add_metric([job_type, status], value)
    return families


def _jobs_of_users(rows: Sequence[Any]) -> Metric:
    family = GaugeMetricFamily(
        "a6hub_user_jobs",
        f"Jobs of each of the {MOST_USERS} users that have most of them.",
        labels=["user", "job_type", "status"],
    )
    for row in _of_busiest(rows):
        family.add_metric([str(row.user_id), row.job_type, row.status], row.jobs)
    return family


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


# The queries are made once.

_BY_USER = (
    select(Job.job_type, Job.status, Job.user_id, func.count().label("jobs"))
    .where(Job.status.in_([JobStatus.PENDING, JobStatus.RUNNING]))
    .group_by(Job.status, Job.job_type, Job.user_id)
)
_OLDEST = select(OutboxMessage.queue, func.min(OutboxMessage.created_at).label("oldest")).group_by(
    OutboxMessage.queue
)
