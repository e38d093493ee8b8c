"""What has to be true when the chaos is over."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from app.db.engine import Database
from app.jobs.logs import log_size, read_log
from app.models import Artifact, Attempt, Job, JobStatus, OutboxMessage
from app.storage.store import Store, make_store
from tests.chaos.designs import Kind, expected_lines
from tests.chaos.faults import Blow
from tests.chaos.load import Seen, Watched
from tests.chaos.site import Site
from tests.system.workers import processes_below

#: How an attempt ends that has no effect.
WITHOUT_EFFECT = ("lost", "released")


class Books:
    """All that the database holds of the jobs."""

    def __init__(self, database: Database) -> None:
        with database.reading() as session:
            self.jobs = {job.id: job for job in session.scalars(select(Job))}
            self.attempts: dict[int, list[Attempt]] = {job_id: [] for job_id in self.jobs}
            for attempt in session.scalars(select(Attempt).order_by(Attempt.number)):
                self.attempts[attempt.job_id].append(attempt)
            self.artifacts: dict[int, list[Artifact]] = {job_id: [] for job_id in self.jobs}
            for artifact in session.scalars(select(Artifact)):
                self.artifacts[artifact.job_id].append(artifact)
            self.waiting = list(session.scalars(select(OutboxMessage.job_id)))

    def statuses(self) -> Counter[str]:
        """Count the jobs by status."""
        return Counter(job.status for job in self.jobs.values())

    def outcomes(self) -> Counter[str]:
        """Count the attempts by outcome."""
        return Counter(str(one.outcome) for some in self.attempts.values() for one in some)


def problems(site: Site, seen: Seen, books: Books, blows: list[Blow]) -> Iterator[str]:
    """Yield what is wrong; nothing if all is well."""
    yield from seen.faults
    store = make_store(site.settings)
    for job_id in seen.accepted.keys() - books.jobs.keys():
        yield f"job {job_id} was accepted and is lost"
    for job_id, job in books.jobs.items():
        found = [
            *_of_attempts(job, books.attempts[job_id]),
            *_of_losses(books.attempts[job_id], blows),
            *_of_artifacts(store, job, books.artifacts[job_id]),
            *_of_outcome(job, books.attempts[job_id], seen.accepted.get(job_id), store),
        ]
        yield from (f"job {job_id}: {what}" for what in found)
    for job_id, watched in seen.watched.items():
        if job_id in books.jobs:
            yield from _of_watched(store, books.jobs[job_id], watched)
    yield from (f"job {job_id} has ended and waits" for job_id in books.waiting)
    yield from _of_leftovers(site)


def _of_attempts(job: Job, attempts: list[Attempt]) -> Iterator[str]:
    """See that the job had one effective attempt, the last, or none because it needed none."""
    if not JobStatus(job.status).is_terminal:
        yield f"is {job.status} at the end"
    if [one.number for one in attempts] != list(range(1, job.attempt + 1)):
        yield f"has {job.attempt} attempts, numbered {[one.number for one in attempts]}"
    outcomes = [one.outcome for one in attempts]
    *before, last = outcomes or [None]
    if any(outcome not in WITHOUT_EFFECT for outcome in before):
        yield f"has had an effect more than once: {outcomes}"
    ended_without = job.status == "cancelled" or job.reason in ("worker_lost", "out_of_memory")
    if last != job.status and not (ended_without and last in (None, *WITHOUT_EFFECT)):
        yield f"is {job.status}, its attempts ended {outcomes}"


def blow_to(attempt: Attempt, blows: list[Blow]) -> Blow | None:
    """Return the first fault that hit the attempt's process while it worked on it."""
    pid = int(attempt.worker.rpartition("/")[2])  # host:main process/pool process
    began = attempt.started_at.timestamp()
    return next((blow for blow in blows if pid in blow.pids and blow.at >= began), None)


def _of_losses(attempts: list[Attempt], blows: list[Blow]) -> Iterator[str]:
    """See that only a fault of its process took a job from it, never a server's."""
    hit = {f"{pid}" for blow in blows for pid in blow.pids}
    for one in attempts:
        if one.outcome in WITHOUT_EFFECT and one.worker.rpartition("/")[2] not in hit:
            yield f"attempt {one.number} by {one.worker} is {one.outcome}, and nothing hit it"


def _of_artifacts(store: Store, job: Job, artifacts: list[Artifact]) -> Iterator[str]:
    for artifact in artifacts:
        if artifact.attempt != job.attempt:
            yield f"has an artifact of attempt {artifact.attempt}, not {job.attempt}"
        if hashlib.sha256(store.get(artifact.key)).hexdigest() != artifact.digest:
            yield f"its artifact {artifact.name} is not what was kept"


def _of_outcome(
    job: Job, attempts: list[Attempt], kind: Kind | None, store: Store
) -> Iterator[str]:
    """See that a job that had an effect came to what its kind comes to, with a whole log."""
    if kind is None or not attempts or attempts[-1].outcome in WITHOUT_EFFECT:
        return
    if (job.status, job.reason) != (kind.status, kind.reason):
        yield f"({kind.top}) is {job.status} for {job.reason}: {job.message}"
    lines = _log(store, job).splitlines()
    if [line for line in lines if line.startswith("line ")] != expected_lines(kind):
        yield f"({kind.top}) its log is not whole: {lines}"
    if not lines or not lines[-1].startswith(f"[a6hub] {job.status}"):
        yield f"({kind.top}) its log has no end: {lines[-1:]}"


def _of_watched(store: Store, job: Job, watched: Watched) -> Iterator[str]:
    """See that those who watched saw the end, and every byte of the last attempt's log."""
    if watched.end.get("status") != job.status:
        yield f"job {job.id}: who watched it saw it end {watched.end}"
    if watched.texts.get(job.attempt, "") != _log(store, job):
        yield f"job {job.id}: who watched it missed something of its log"


def _log(store: Store, job: Job) -> str:
    size = log_size(store, job.id, job.attempt)
    return read_log(store, job.id, job.attempt, 0, size).decode()


def _of_leftovers(site: Site) -> Iterator[str]:
    for folder in site.work_dirs:
        for path in folder.iterdir() if folder.is_dir() else ():
            yield f"a work folder is left: {_short(path, site)}"
        for pid in processes_below(folder):
            yield f"a process is left: {pid}"


def _short(path: Path, site: Site) -> str:
    return str(path.relative_to(site.folder))
