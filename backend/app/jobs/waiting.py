"""Jobs that wait for a worker that is not there: what they need, and what there is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.base import table_of
from app.jobs.abilities import Abilities, can_run, live_abilities, of_queue
from app.jobs.turns import kinds
from app.models import Job, JobStatus, JobType, OutboxMessage
from app.toolchains.needs import read_needs

_outbox = table_of(OutboxMessage)


@dataclass(frozen=True)
class Stranded:
    """How many jobs of a queue no live worker can run, their needs, and why, in a sentence."""

    queue: str
    needs: str
    count: int
    why: str


def waits_for(session: Session, job: Job) -> str | None:
    """Return, for people, what a job waits for that no live worker has; None if one can run it."""
    if job.status != JobStatus.PENDING:
        return None
    return _why(of_queue(live_abilities(session), job.job_type), job.needs, job.job_type)


def stranded(session: Session) -> list[Stranded]:
    """Return the jobs that no live worker can run, by what they need; none where no worker is."""
    live = live_abilities(session)
    return [one for queue in JobType for one in _of_queue(session, of_queue(live, queue), queue)]


def _of_queue(
    session: Session, live: Sequence[Abilities | None], queue: JobType
) -> Iterator[Stranded]:
    for key in kinds(session, queue) if live else ():
        why = _why(live, key, queue)
        if why is not None:
            count = select(func.count()).where(_outbox.c.queue == queue, _outbox.c.needs == key)
            yield Stranded(queue, key, session.scalar(count) or 0, why)


def _why(live: Sequence[Abilities | None], key: str, queue: str) -> str | None:
    if not live:
        return f"Waits for a worker: none is there that takes jobs from the queue {queue}."
    if any(can_run(one, key) for one in live):
        return None
    there = "; ".join(dict.fromkeys(_words(one) for one in live if one is not None))
    workers = "The worker that is there has" if len(live) == 1 else f"The {len(live)} there have"
    return f"Waits for a worker with {read_needs(key)}. {workers}: {there}."


def _words(able: Abilities) -> str:
    offer = able.offer
    if offer is None:
        return f"{', '.join(able.toolchains) or 'no toolchain'}, no LibreLane"
    pdks = ", ".join(f"{pdk.name} {pdk.version}" for pdk in offer.pdks) or "none"
    tools = ", ".join(offer.tools) or "none"
    return f"LibreLane {offer.librelane} with tools: {tools}; PDKs: {pdks}"
