"""What a job came to, made of what its end has left in the database."""

from dataclasses import asdict

from sqlalchemy.orm import Session

from app.jobs.headline import headline
from app.jobs.queries import metrics_of
from app.jobs.values import json_value
from app.models import Job, JobStatus
from app.schemas.job_results import CornerView, GroupView, MetricView, ResultView
from app.toolchains.librelane.metric_groups import (
    CornerTiming,
    Group,
    Metric,
    grouped,
    timing_table,
)


def result_of(session: Session, job: Job) -> ResultView:
    """Return a job's result; an empty one before its end."""
    metrics, details = metrics_of(session, job), job.details
    # Of a job that was cancelled the tools' end says nothing.
    failure = details.get("failure") if job.status == JobStatus.FAILED else None
    return ResultView(
        verdict=job.verdict,
        message=job.message,
        violations=details.get("violations") or [],
        tolerated=details.get("tolerated") or [],
        failure=failure,
        headline=headline(metrics),
        timing=[_corner(one) for one in timing_table(metrics)],
        groups=[_group(one) for one in grouped(metrics)],
        installation=details.get("installation") or {},
        pdk=details.get("pdk") or {},
        versions=details.get("versions") or {},
    )


def _corner(corner: CornerTiming) -> CornerView:
    return CornerView(**{name: json_value(value) for name, value in asdict(corner).items()})


def _group(group: Group) -> GroupView:
    return GroupView(name=group.name, metrics=[_metric(one) for one in group.metrics])


def _metric(metric: Metric) -> MetricView:
    return MetricView(**{**vars(metric), "value": json_value(metric.value)})
