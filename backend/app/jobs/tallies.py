"""Totals of what has ended, for metrics: counted once, off the way of jobs, and kept in rows.

The upkeep adds what has ended since it counted last, so a scrape reads some hundred rows however
many jobs there were, and totals do not shrink when jobs are deleted. It counts up to LAG ago:
a change carries the time at which its transaction began, and is seen when that is committed.
"""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.clock import database_now
from app.db.engine import Database
from app.jobs.context import Context
from app.jobs.counting import Key, Span, count_all
from app.jobs.offers import offered
from app.models import Tally

LAG = timedelta(seconds=10)
#: How often new ends are counted.
EVERY = timedelta(seconds=5)
_MARK: Key = ("counted_until",)
#: When the newest backup was begun, in seconds since 1970.
BACKUP_AT: Key = ("backup_at",)
#: The steps of simulations. Those of builds are told by workers.
_STEPS = frozenset({"compile", "run"})

Tallies = Mapping[Key, float]


def tally_if_due(context: Context) -> None:
    """Count what has ended, unless that was done just now."""
    with context.database.reading() as session:
        if database_now(session) - _mark_time(_mark(session)) < LAG + EVERY:
            return
    tally(context.database, known_steps(context))


def tally(database: Database, steps: Collection[str], lag: timedelta = LAG) -> None:
    """Count what has ended up to `lag` ago; `steps`: those that are counted by their names."""
    with database.writing() as session:
        mark = _mark(session, mine=True)
        span = Span(_mark_time(mark), database_now(session) - lag)
        if span.until <= span.since:
            return
        if new := count_all(session, span, steps):
            _add(session, new)
        mark.value = span.until.timestamp()


def note_backup(database: Database, begun: datetime) -> None:
    """Note that a backup has been made, so that it is told when there is none for long."""
    with database.writing() as session:
        session.merge(Tally(name=BACKUP_AT[0], labels="[]", value=begun.timestamp()))


def read_tallies(session: Session) -> Tallies:
    """Return all totals."""
    return {_key(row): row.value for row in session.scalars(select(Tally))}


def known_steps(context: Context) -> frozenset[str]:
    """Return the steps of the flows that workers offer, without the -1 of a repeated one."""
    flows = (flow for one in offered(context) for flow in one.catalog.flows)
    return _STEPS.union(step.id.partition("-")[0] for flow in flows for step in flow.steps)


def _mark(session: Session, *, mine: bool = False) -> Tally:
    """Return the row that says up to when all is counted; `mine`: others wait until we have."""
    query = select(Tally).where(Tally.name == _MARK[0])
    return session.execute(query.with_for_update() if mine else query).scalar_one()


def _mark_time(mark: Tally) -> datetime:
    return datetime.fromtimestamp(mark.value, UTC)


def _add(session: Session, new: Tallies) -> None:
    rows = {_key(row): row for row in session.scalars(select(Tally))}
    for key, value in new.items():
        if key in rows:
            rows[key].value += value
        else:
            labels = json.dumps(key[1:], separators=(",", ":"))
            session.add(Tally(name=key[0], labels=labels, value=value))


def _key(row: Tally) -> Key:
    return (row.name, *json.loads(row.labels))
