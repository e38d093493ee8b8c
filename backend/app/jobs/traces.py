"""The part of a job's trace that is not a request's: the wait, the attempt, its steps, storing.

It is told when an attempt has ended, from its rows. So an attempt whose worker was killed is told
as well, by the upkeep that finds it lost, and nothing of tracing runs while a job's tools do.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import tracing
from app.core.logging import get_logger
from app.core.tracing import PastSpan
from app.db.engine import Database
from app.jobs.claims import Claim
from app.models import Attempt, Job, Step

log = get_logger(__name__)

#: Of an attempt; a run directory may claim any number.
_MOST_STEPS = 500


def trace_attempt(database: Database, mine: Claim) -> None:
    """Tell of an attempt that has ended. Raises nothing: the job has ended or goes on elsewhere."""
    if not tracing.is_tracing():
        return
    try:
        with database.reading() as session:
            parent, spans = _spans(session, mine)
        for span in spans if parent else ():
            tracing.record(span, parent or "")
    except Exception:
        # Whatever it is, a trace is not worth a job.
        log.exception("attempt not traced", job=mine.job_id, attempt=mine.attempt)


def _spans(session: Session, mine: Claim) -> tuple[str | None, list[PastSpan]]:
    job = session.get_one(Job, mine.job_id)
    attempts = _attempts(session, mine)
    if job.traceparent is None or not attempts or (end := attempts[0].ended_at) is None:
        return None, []
    attempt = attempts[0]
    before = attempts[1].ended_at if len(attempts) > 1 else None
    ids: dict[str, str | int] = {"a6hub.job.id": job.id, "a6hub.attempt": attempt.number}
    ids["a6hub.job.type"] = job.job_type
    wait = PastSpan("queue", before or job.created_at, attempt.started_at, ids)
    parts = (*_steps(session, attempt), *_storing(attempt))
    of_attempt = {
        **ids,
        "a6hub.worker": attempt.worker,
        "a6hub.outcome": attempt.outcome or "",
        "a6hub.reason": attempt.reason or "",
        "user.id": str(job.user_id),
    }
    failed = attempt.outcome in ("failed", "lost")
    return job.traceparent, [
        wait,
        PastSpan("attempt", attempt.started_at, end, of_attempt, failed, parts),
    ]


def _attempts(session: Session, mine: Claim) -> Sequence[Attempt]:
    """Return the attempt and the one before it, if there is one."""
    query = select(Attempt).where(Attempt.job_id == mine.job_id, Attempt.number <= mine.attempt)
    return session.scalars(query.order_by(Attempt.number.desc()).limit(2)).all()


def _steps(session: Session, attempt: Attempt) -> list[PastSpan]:
    query = select(Step).where(
        Step.job_id == attempt.job_id,
        Step.attempt == attempt.number,
        Step.started_at.is_not(None),
    )
    rows = session.scalars(query.order_by(Step.ordinal).limit(_MOST_STEPS))
    steps = [(row, *_times(row, attempt)) for row in rows]
    # One that had begun before is an earlier attempt's, restored.
    return [
        PastSpan(row.step, began, ended, _of_step(row), row.status == "failed")
        for row, began, ended in steps
        if began >= attempt.started_at
    ]


def _times(row: Step, attempt: Attempt) -> tuple[datetime, datetime]:
    """Return begin and end of a step; one that was cut off ended with its attempt."""
    began = row.started_at or attempt.started_at
    end = attempt.ended_at or began
    return began, end if row.seconds is None else began + timedelta(seconds=row.seconds)


def _of_step(row: Step) -> dict[str, str | int | float]:
    known = {
        "a6hub.step.name": row.name,
        "a6hub.step.status": row.status,
        "a6hub.step.cpu_seconds": row.cpu_seconds,
        "a6hub.step.peak_memory_bytes": row.peak_memory_bytes,
        "a6hub.step.exit_code": row.exit_code,
    }
    return {name: value for name, value in known.items() if value is not None}


def _storing(attempt: Attempt) -> list[PastSpan]:
    seconds = attempt.figures.get("storing_seconds")
    if seconds is None or attempt.ended_at is None:
        return []
    return [PastSpan("storing", attempt.ended_at - timedelta(seconds=seconds), attempt.ended_at)]
