"""Which workers there are, and how their hosts protect themselves from jobs.

Each worker's upkeep process writes a row for it now and then and removes it when the worker goes in
good order. What matters of jobs and leases never depends on it: it is for people.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import __version__
from app.db.clock import database_now
from app.db.engine import Database
from app.executors.base import Executor
from app.jobs.abilities import AWAY_AFTER, Abilities
from app.jobs.holds import drained, lift
from app.jobs.offers import Facts, note_offers
from app.jobs.outbox import send_anew
from app.models import Job, JobStatus, WorkerReport
from app.toolchains.librelane.offer import facts_to_offer

REPORT_SECONDS = 10.0
#: One that is away for so long is forgotten.
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Presence:
    """A worker: whether it has told of itself lately, whether it begins no new job, what it runs.

    `jobs` are the ids.
    """

    report: WorkerReport
    is_there: bool
    is_draining: bool
    jobs: tuple[int, ...]


class Reporter:
    """Tells of one worker."""

    def __init__(self, name: str, executor: Executor, abilities: Abilities | None = None) -> None:
        """`abilities`: what it has for sure; None: it takes any job."""
        self._name = name
        self._abilities = abilities
        self._offers: Facts = {}
        self._told_at = float("-inf")
        self._has_begun = False
        self._facts = {
            "version": __version__,
            "executor": executor.name,
            "protections": executor.protections(),
        }

    def offer(self, offers: Facts) -> None:
        """Tell from now on what it can build with (see `offers`), and soon for the first time."""
        self._offers = offers
        if self._abilities is not None:
            offer = next(map(facts_to_offer, offers.values()), None)
            self._abilities = replace(self._abilities, offer=offer)
        self._told_at = float("-inf")

    def report(self, database: Database) -> None:
        """Say that the worker is there, unless that was said just now."""
        if time.monotonic() - self._told_at < REPORT_SECONDS:
            return
        with database.writing() as session:
            now = database_now(session)
            session.execute(
                delete(WorkerReport).where(WorkerReport.seen_at < now - FORGOTTEN_AFTER)
            )
            row = session.get(WorkerReport, self._name)
            if row is None or not self._has_begun:  # one may be left of another by that name
                row = row or WorkerReport(name=self._name)
                for fact, value in {**self._facts, "started_at": now}.items():
                    setattr(row, fact, value)
                session.add(row)
            row.seen_at = now
            told = self._abilities.facts() if self._abilities else None
            if row.abilities != told:
                row.abilities = told
                send_anew(session)
            note_offers(session, self._offers, now)
        self._has_begun = True
        self._told_at = time.monotonic()

    def leave(self, database: Database) -> None:
        """Say that it goes."""
        with database.writing() as session:
            session.execute(delete(WorkerReport).where(WorkerReport.name == self._name))
            lift(session, self._name)  # another may get the name


def workers(session: Session) -> list[Presence]:
    """Return the workers by name."""
    now = database_now(session)
    reports = session.scalars(select(WorkerReport).order_by(WorkerReport.name))
    held, jobs = drained(session), _jobs_by_worker(session)
    return [
        Presence(
            report,
            now - report.seen_at < AWAY_AFTER,
            report.name in held,
            tuple(jobs[report.name]),
        )
        for report in reports
    ]


def _jobs_by_worker(session: Session) -> defaultdict[str, list[int]]:
    """Return the jobs that run, by the worker whose process has them: it is named after it."""
    running = select(Job.id, Job.worker).where(Job.status == JobStatus.RUNNING)
    found: defaultdict[str, list[int]] = defaultdict(list)
    for job_id, process in session.execute(running.order_by(Job.id)):
        found[(process or "").rpartition("/")[0]].append(job_id)
    return found
