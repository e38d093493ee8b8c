"""How long a running build will still take, by what its steps took the last time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.models import Job, JobStatus, JobType, Step
from app.toolchains.base import StepStatus

#: A step's id and how many of that id came before it: a flow may take a step several times.
Place = tuple[str, int]

#: How many builds are looked at for a step: the newest ones may have stopped before it.
_BUILDS = 5


def estimate(session: Session, job: Job, steps: Sequence[Step]) -> float | None:
    """Return the seconds that a running build will still take; None when nobody can know.

    `steps` are those of its newest attempt, also those to come.
    """
    if job.status != JobStatus.RUNNING or job.job_type != JobType.BUILD or not steps:
        return None
    expected = expected_seconds(session, job)
    return remaining(steps, expected, utcnow()) if expected else None


def remaining(steps: Sequence[Step], expected: Mapping[Place, float], now: datetime) -> float:
    """Return the seconds for the steps to come and the rest of the running one.

    A step that was never seen before counts nothing.
    """
    left = 0.0
    for place, step in zip(places(step.step for step in steps), steps, strict=True):
        seconds = expected.get(place, 0.0)
        if step.status == StepStatus.PENDING:
            left += seconds
        elif step.status == StepStatus.RUNNING:
            begun = step.started_at or now
            left += max(0.0, seconds - (now - begun).total_seconds())
    return left


def expected_seconds(session: Session, job: Job) -> dict[Place, float]:
    """Return what each step took in the newest completed build of the project that had it."""
    earlier = _earlier(session, job)
    query = (
        select(Step.job_id, Step.step, Step.seconds)
        .join(Job, (Job.id == Step.job_id) & (Job.attempt == Step.attempt))
        .where(Job.id.in_(earlier))
        .order_by(Step.job_id, Step.ordinal)
    )
    rows = session.execute(query).all()
    expected: dict[Place, float] = {}
    for job_id in earlier:
        of_job = [row for row in rows if row.job_id == job_id]
        for place, row in zip(places(row.step for row in of_job), of_job, strict=True):
            if row.seconds is not None:
                expected[place] = row.seconds
    return expected


def places(steps: Iterable[str]) -> Iterator[Place]:
    """Yield the place of each step of a flow."""
    seen: Counter[str] = Counter()
    for step in steps:
        yield step, seen[step]
        seen[step] += 1


def _earlier(session: Session, job: Job) -> list[int]:
    """Return the project's last builds with the same flow that came to their end, oldest first."""
    query = (
        select(Job.id)
        .where(
            Job.project_id == job.project_id,
            Job.job_type == job.job_type,
            Job.toolchain == job.toolchain,
            Job.status == JobStatus.COMPLETED,
            Job.config["flow"].as_string().is_not_distinct_from(job.config.get("flow")),
        )
        .order_by(Job.id.desc())
        .limit(_BUILDS)
    )
    return sorted(session.scalars(query))
