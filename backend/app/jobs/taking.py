"""A worker that is free takes the job whose turn it is, and works on it."""

import time
from dataclasses import dataclass
from typing import Any

from structlog.contextvars import bound_contextvars

from app.core.logging import get_logger
from app.core.tracing import trace_of
from app.jobs.attempt import RunningAttempt
from app.jobs.bench import Bench
from app.jobs.claims import Claim
from app.jobs.outbox import Outgoing
from app.jobs.passing_on import call_again, pass_on
from app.jobs.patience import patiently
from app.jobs.traces import trace_attempt
from app.jobs.turns import Taker, claim_next
from app.jobs.work import Work, read_work
from app.models import JobType

log = get_logger(__name__)


@dataclass(frozen=True)
class Message:
    """The message that has come: a Celery task's id, its argument, how often it was passed on."""

    task_id: str | None = None
    job_id: int = 0
    passed: int = 0


def run_next(bench: Bench, queue: JobType, message: Message = Message()) -> dict[str, Any]:
    """Work on the job whose turn it is, if there is one; return a summary for the results."""
    began = time.monotonic()
    context, taker = bench.context, _taker(bench, message)
    mine = patiently(lambda: claim_next(context.database, queue, taker), bench.going)
    if mine is None:
        pass_on(context, queue, taker, message.job_id, message.passed)
        return {"status": "nothing to do"}
    with bound_contextvars(job=mine.job_id, attempt=mine.attempt):
        work = patiently(lambda: read_work(bench, mine.job_id, began), bench.going)
        with bound_contextvars(user=work.user_id, **trace_of(work.traceparent)):
            done = _run_claimed(bench, queue, mine, work)
    call_again(context, queue, taker)
    return done


def _taker(bench: Bench, message: Message) -> Taker:
    settings = bench.context.settings
    return Taker(
        worker=bench.worker,
        task_id=message.task_id,
        lease_seconds=settings.lease_seconds,
        limit=settings.max_running_jobs_per_user,
        station=bench.station,
        basic=bench.basic,
    )


def _run_claimed(bench: Bench, queue: JobType, mine: Claim, work: Work) -> dict[str, Any]:
    log.info("attempt begins")
    # Its end makes room for the next of its user.
    outgoing = Outgoing(bench.context, queue, work.user_id)
    status = RunningAttempt(bench, mine, work, outgoing).run()
    outgoing.send()
    log.info("attempt ends", status=status)
    if status != "lost":  # else whoever took it tells
        trace_attempt(bench.context.database, mine)
    artifacts = f"jobs/{mine.job_id}/attempts/{mine.attempt}/artifacts"
    return {"status": status, "job_id": mine.job_id, "artifacts_path": artifacts}
