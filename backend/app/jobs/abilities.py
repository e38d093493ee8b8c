"""Which worker can run which job.

Each job says what it needs (`app.toolchains.needs`), each worker what it has. A worker begins only
jobs that it can run; messages are sent only for jobs that some worker can run, so that none goes
round and round.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.logging import get_logger
from app.db.base import table_of
from app.db.clock import database_now
from app.jobs.holds import drained
from app.models import WorkerReport
from app.toolchains.librelane.offer import Offer
from app.toolchains.needs import Needs, read_needs

log = get_logger(__name__)

#: A worker that has told nothing for so long is away.
AWAY_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Abilities:
    """What a worker has: the queues that it reads, toolchains, and a LibreLane if it has one."""

    toolchains: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    offer: Offer | None = None

    def can_run(self, needs: Needs | None) -> bool:
        """Return whether it can run a job; True if it is not known what the job needs."""
        if needs is None:
            return True
        if needs.flow:
            return self.offer is not None and self.offer.has(needs)
        return needs.toolchain in self.toolchains

    def facts(self) -> dict[str, Any]:
        """Return it as JSON; read_abilities() takes it back."""
        facts: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return facts


_ABILITIES: TypeAdapter[Abilities] = TypeAdapter(Abilities)
_workers = table_of(WorkerReport)
_LIVE = select(_workers.c.name, _workers.c.abilities, _workers.c.seen_at)


def read_abilities(facts: Mapping[str, Any] | None) -> Abilities | None:
    """Return the abilities whose facts() these are; None if they are of another release."""
    if facts is None:
        return None
    try:
        return _ABILITIES.validate_python(facts)
    except ValidationError as error:
        log.warning("abilities not understood", error=str(error))
        return None


def abilities_of(session: Session, worker: str) -> Abilities | None:
    """Return what a worker has told; None before it has."""
    report = session.get(WorkerReport, worker)
    return read_abilities(report.abilities) if report else None


def live_abilities(session: Session) -> list[Abilities | None]:
    """Return what the workers have that are there and not drained; None for an older release."""
    since, away = database_now(session) - AWAY_AFTER, drained(session)
    rows = session.execute(_LIVE.order_by(_workers.c.name))
    return [
        read_abilities(row.abilities)
        for row in rows
        if row.seen_at > since and row.name not in away
    ]


def runnable(session: Session, queue: str, keys: Sequence[str]) -> list[str]:
    """Return which needs some live worker of a queue meets; all of them where none is there."""
    live = of_queue(live_abilities(session), queue)
    if not live:
        return list(keys)
    return [key for key in keys if any(can_run(one, key) for one in live)]


def of_queue(live: Sequence[Abilities | None], queue: str) -> list[Abilities | None]:
    """Return those that read a queue."""
    return [one for one in live if one is None or queue in one.queues]


def can_run(able: Abilities | None, key: str) -> bool:
    """Return whether a worker can run jobs with needs of this key; one of an older release can."""
    return able is None or able.can_run(read_needs(key))
