"""What has been counted since the beginning, from the tallies (`app.jobs.tallies`)."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from app.jobs.counting import RUN_BOUNDS, START_BOUNDS, WAIT_BOUNDS
from app.jobs.patience import PARTS
from app.jobs.tallies import BACKUP_AT, Tallies
from app.models import JobType
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


#: Of how many users the totals are told, besides those that have jobs now: else there were one
#: more series for each ever.
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


def tallied(tallies: Tallies, users: Iterable[str]) -> Iterator[Metric]:
    """Yield all of them. `users`: who has jobs now; their totals are told from the beginning."""
    yield from (_total(total, tallies, users) for total in TOTALS)
    yield _backup_age(tallies)
    wait = "Seconds from submission to the first attempt."
    yield _histogram("queue_wait", wait, WAIT_BOUNDS, tallies)
    yield _histogram("run", "Seconds of attempts, from claim to end.", RUN_BOUNDS, tallies)
    start = "Seconds until a container had begun its command, or a sandbox had been started."
    executors = [key[1] for key in tallies if key[0] == "executor_start_seconds"]
    yield _histogram("executor_start", start, START_BOUNDS, tallies, "executor", executors)
    yield _summary("step_seconds", "steps", "step", "Seconds that steps took.", tallies)
    overhead = "Seconds that executors took besides their commands: to start, to clear away."
    yield _summary("executor_overhead_seconds", "executor_commands", "executor", overhead, tallies)


def _total(total: _Total, tallies: Tallies, users: Iterable[str]) -> Metric:
    family = CounterMetricFamily(f"a6hub_{total.tally}", total.text, labels=total.labels)
    told = {
        tuple(labels): value for (name, *labels), value in tallies.items() if name == total.tally
    }
    if total.labels == ("user",):
        most = sorted(told, key=told.__getitem__, reverse=True)[:MOST_TOTALS]
        told = {labels: told.get(labels, 0.0) for labels in (*((user,) for user in users), *most)}
    for labels, value in (dict.fromkeys(total.always, 0.0) | told).items():
        family.add_metric(labels, value)
    return family


def _backup_age(tallies: Tallies) -> Metric:
    age = GaugeMetricFamily(
        "a6hub_backup_age_seconds",
        "How long ago the newest backup was begun; told once there has been one.",
    )
    begun = tallies.get(BACKUP_AT)
    if begun is not None:
        age.add_metric([], max(0.0, time.time() - begun))
    return age


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
