"""What has begun and ended between two moments, as counts to be added to the tallies.

Each query reads the rows of that time by an index, and no others.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, func, select
from sqlalchemy.orm import Session

from app.db.base import table_of
from app.models import Artifact, Attempt, Job, Step

#: A tally's name, then the values of its labels.
Key = tuple[str, ...]
Counts = defaultdict[Key, float]

#: Upper bounds of histograms, in seconds; the last bucket has none.
WAIT_BOUNDS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)
RUN_BOUNDS = (1, 5, 15, 60, 180, 600, 1200, 1800, 2700, 3600)
START_BOUNDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
#: What a step is counted as whose name nobody has told us: a job could make up any number.
OTHER = "other"
_jobs, _attempts, _artifacts, _steps = map(table_of, (Job, Attempt, Artifact, Step))
_REPEATED = re.compile(r"-\d{1,3}$")


@dataclass(frozen=True)
class Span:
    """The time after `since`, up to `until`."""

    since: datetime
    until: datetime

    def holds(self, moment: Column[Any]) -> ColumnElement[bool]:
        """Return the condition that a column lies in it."""
        return (moment > self.since) & (moment <= self.until)


def count_all(session: Session, span: Span, known_steps: Collection[str]) -> Counts:
    """Return all counts of a span; `known_steps`: those that are counted by their names."""
    counts: Counts = defaultdict(float)
    _count_jobs(session, span, counts)
    _count_waits(session, span, counts)
    _count_attempts(session, span, counts)
    _count_artifacts(session, span, counts)
    _count_steps(session, span, known_steps, counts)
    return counts


def _count_jobs(session: Session, span: Span, counts: Counts) -> None:
    query = (
        select(_jobs.c.job_type, _jobs.c.status, _jobs.c.reason, func.count())
        .where(span.holds(_jobs.c.ended_at))
        .group_by(_jobs.c.job_type, _jobs.c.status, _jobs.c.reason)
    )
    for job_type, status, reason, number in session.execute(query):
        counts["jobs_ended", job_type, status, reason or ""] += number


def _count_waits(session: Session, span: Span, counts: Counts) -> None:
    """Count how long jobs waited for their first attempt."""
    query = (
        select(_jobs.c.job_type, _jobs.c.created_at, _attempts.c.started_at)
        .join(_jobs, _jobs.c.id == _attempts.c.job_id)
        .where(span.holds(_attempts.c.started_at), _attempts.c.number == 1)
    )
    for job_type, created_at, started_at in session.execute(query):
        seconds = (started_at - created_at).total_seconds()
        _observe(counts, "queue_wait", (job_type,), WAIT_BOUNDS, seconds)


def _count_attempts(session: Session, span: Span, counts: Counts) -> None:
    query = (
        select(
            *_jobs.c["job_type", "user_id"],
            *_attempts.c["outcome", "reason", "started_at", "ended_at", "figures"],
        )
        .join(_jobs, _jobs.c.id == _attempts.c.job_id)
        .where(span.holds(_attempts.c.ended_at))
    )
    for job_type, user_id, outcome, reason, started_at, ended_at, figures in session.execute(query):
        counts["attempts", job_type, outcome, reason or ""] += 1
        seconds = (ended_at - started_at).total_seconds()
        _observe(counts, "run", (job_type,), RUN_BOUNDS, seconds)
        counts["user_run_seconds", str(user_id)] += max(0.0, seconds)
        for key, value in _in_figures(job_type, figures):
            counts[key] += value
        for start in figures.get("start_seconds", ()):
            _observe(counts, "executor_start", (figures["executor"],), START_BOUNDS, start)


def _in_figures(job_type: str, figures: dict[str, Any]) -> Iterator[tuple[Key, float]]:
    """Yield the counts that an attempt's figures are (`app.jobs.figures`)."""
    if not figures:
        return
    yield ("log_bytes", job_type), figures["log_bytes"]
    yield ("executor_commands", figures["executor"]), figures["commands"]
    yield ("executor_overhead_seconds", figures["executor"]), figures["overhead_seconds"]
    for part, number in figures["outages"].items():
        yield ("attempt_outages", part), number
    # An attempt of an older release has not told these.
    for operation, number in figures.get("store_errors", {}).items():
        yield ("attempt_store_errors", operation), number
    for result, number in figures.get("content_lookups", {}).items():
        yield ("attempt_cache_lookups", "content", result), number


def _count_artifacts(session: Session, span: Span, counts: Counts) -> None:
    query = (
        select(_jobs.c.job_type, _jobs.c.user_id, func.sum(_artifacts.c.size))
        .join(_attempts, _of_attempt(_artifacts))
        .join(_jobs, _jobs.c.id == _attempts.c.job_id)
        .where(span.holds(_attempts.c.ended_at))
        .group_by(_jobs.c.job_type, _jobs.c.user_id)
    )
    for job_type, user_id, size in session.execute(query):
        counts["artifact_bytes", job_type] += int(size)
        counts["user_artifact_bytes", str(user_id)] += int(size)


def _count_steps(
    session: Session, span: Span, known_steps: Collection[str], counts: Counts
) -> None:
    query = (
        select(
            _steps.c.step,
            _steps.c.seconds,
            _steps.c.started_at,
            _attempts.c.started_at,
            _attempts.c.ended_at,
        )
        .join(_attempts, _of_attempt(_steps))
        .where(span.holds(_attempts.c.ended_at), _steps.c.seconds.is_not(None))
    )
    for step, seconds, started_at, begun_at, ended_at in session.execute(query):
        kind = _REPEATED.sub("", step)
        name = kind if kind in known_steps else OTHER
        if started_at is not None and started_at < begun_at:  # an earlier attempt did it
            counts["steps_restored", name] += 1
            continue
        counts["steps", name] += 1
        # A run directory claims its steps' times: more than its attempt took is no time.
        longest = (ended_at - begun_at).total_seconds()
        counts["step_seconds", name] += min(max(seconds, 0.0), longest)


def _of_attempt(table: Table) -> ColumnElement[bool]:
    return (_attempts.c.job_id == table.c.job_id) & (_attempts.c.number == table.c.attempt)


def _observe(
    counts: Counts, name: str, labels: Key, bounds: tuple[float, ...], seconds: float
) -> None:
    """Add to a histogram: a count for its one bucket, by the bound's place, and the sum."""
    seconds = max(0.0, seconds)
    counts[f"{name}_bucket", *labels, str(bisect_left(bounds, seconds))] += 1
    counts[f"{name}_seconds", *labels] += seconds
