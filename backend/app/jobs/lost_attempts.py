"""Taking jobs from attempts that are no more, and clearing away what they have left.

An attempt is no more when its lease has run out, which anybody may see; or when its process has
died, which its own machine sees at once: no process holds its work folder.
"""

from sqlalchemy import select

from app.core.logging import get_logger
from app.core.memory import MemoryKills
from app.db.engine import Database
from app.jobs.claims import Claim, fence
from app.jobs.context import Context
from app.jobs.logs import store_rest
from app.jobs.meters import leases_expired
from app.jobs.outcomes import Loss, Reason
from app.jobs.patience import OUTAGES
from app.jobs.states import expired, lose, reap
from app.jobs.traces import trace_attempt
from app.jobs.workdir import WorkDir, work_dirs
from app.models import Job

log = get_logger(__name__)

#: What is known of a process that has died, by whether the kernel has killed for memory.
_LOSSES = {
    True: Loss(
        Reason.OUT_OF_MEMORY, "The worker's process was killed as the machine ran out of memory."
    ),
    False: Loss(Reason.WORKER_LOST, "The worker's process was killed."),
}


def reap_expired(database: Database, max_attempts: int) -> None:
    """Take jobs from attempts whose lease has run out."""
    with database.reading() as session:
        lost = expired(session)
    for attempt in lost:
        with database.writing() as session:
            status = reap(session, attempt, max_attempts)
        if status is not None:
            leases_expired.inc()
            trace_attempt(database, attempt)
            log.warning("attempt lost", job=attempt.job_id, attempt=attempt.attempt, now=status)


def clear_dead_attempts(context: Context, kills: MemoryKills) -> None:
    """Take the jobs of this machine's dead processes from them, and clear away what they left."""
    here = work_dirs(context.settings.work_dir)
    dead = [(attempt, folder) for attempt, folder in here if _is_dead(folder)]
    why = _LOSSES[bool(dead) and kills.any_new()]
    for attempt, folder in dead:
        try:
            _clear(context, attempt, folder, why)
        except OUTAGES as error:
            log.warning("dead work folder kept for now", job=attempt.job_id, error=str(error))


def is_running(database: Database, attempt: Claim) -> bool:
    """Return whether an attempt is its job's running one."""
    with database.reading() as session:
        return session.scalar(select(Job.id).where(*fence(attempt))) is not None


def _is_dead(folder: WorkDir) -> bool:
    """Return whether nobody works on an attempt any more, or not yet (see WorkDir.held)."""
    return not folder.is_held()


def _clear(context: Context, attempt: Claim, folder: WorkDir, why: Loss) -> None:
    # The folder is looked for first: where there is one, its lock has been taken before.
    if folder.root.is_dir() and _is_dead(folder) and is_running(context.database, attempt):
        _lose(context, attempt, why)
    if _is_dead(folder) and not is_running(context.database, attempt):
        _save_and_remove(context, attempt, folder)


def _lose(context: Context, attempt: Claim, why: Loss) -> None:
    with context.database.writing() as session:
        status = lose(session, attempt, why, context.settings.max_attempts)
    log.warning("process lost", job=attempt.job_id, why=why.reason, now=status)
    if status is not None:
        trace_attempt(context.database, attempt)


def _save_and_remove(context: Context, attempt: Claim, folder: WorkDir) -> None:
    """Bring what a dead worker had not yet stored of the log into the store."""
    if folder.log.is_file():
        store_rest(context.store, attempt, folder.log)
    folder.remove()
    if folder.root.exists():
        log.warning("dead work folder cannot be removed", folder=str(folder.root))
        return
    log.info("dead work folder removed", job=attempt.job_id, attempt=attempt.attempt)
