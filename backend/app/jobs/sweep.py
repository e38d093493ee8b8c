"""Removing from the store what nobody names any more.

What a database row names stays: files of projects, revisions, kept steps, and all below `jobs/` of
jobs that there are and whose files are kept. What the retention lets go of (`app.jobs.retention`)
is named no more. The rest goes once it is older than GRACE: something may be in the store before
its row is committed (see `app.storage.freshness`).
"""

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.clock import utcnow
from app.core.errors import ConflictError
from app.core.logging import get_logger
from app.db.clock import database_now
from app.db.engine import Database
from app.jobs.context import Context
from app.jobs.duties import Duty, holder_of
from app.jobs.meters import removed, removed_bytes
from app.jobs.named import Digests, keys_of, keys_of_tree, named_digests
from app.jobs.retention import Retired, retire
from app.jobs.store_owner import check_owner
from app.models import Job, UpkeepLease
from app.storage.freshness import GRACE
from app.storage.store import Entry, Store
from app.storage.trees import tree_key

log = get_logger(__name__)

#: How often a whole a6hub is swept.
EVERY = timedelta(days=1)


@dataclass
class Swept:
    """What a sweep has removed, or would: objects and their bytes, and what the retention names."""

    objects: int = 0
    bytes: int = 0
    steps: int = 0
    files: int = 0
    jobs: int = 0
    #: Trees that the store has lost or that are damaged. What they named is known to nobody: while
    #: there are any, no file of a project or a step is removed.
    lost: tuple[str, ...] = ()


def sweep(context: Context, *, dry_run: bool = False, grace: timedelta = GRACE) -> Swept:
    """Remove what is old and named by nobody, or no longer; with `dry_run`, only count it.

    Raises ForeignStoreError, and ConflictError during a backup, having removed nothing.
    """
    _refuse_during_backup(context.database)
    check_owner(context.database, context.store)
    gone = retire(context, dry_run=dry_run)
    done = Swept(steps=gone.steps, files=len(gone.files), jobs=len(gone.jobs))
    # A backup that has begun meanwhile names what has just been let go of.
    _refuse_during_backup(context.database)
    old = utcnow() - grace
    # Listed before the rows are read: what is named after that was written again before.
    candidates = [*_older(context.store, "blobs/", old), *_older(context.store, "trees/", old)]
    with context.database.reading() as session:
        digests = named_digests(session)
    named, done.lost = _named(context.store, digests)
    orphans = (
        entry
        for entry in candidates
        if entry.key not in named and not (done.lost and entry.key.startswith("blobs/"))
    )
    for entry in (*orphans, *_of_gone_jobs(context, gone, old)):
        if dry_run or _remove(context.store, entry.key, old):
            done.objects += 1
            done.bytes += entry.size
    if not dry_run:
        _count(done)
    return done


def _count(done: Swept) -> None:
    for what in ("objects", "steps", "files", "jobs"):
        removed.labels(what).inc(getattr(done, what))
    removed_bytes.inc(done.bytes)


def _named(store: Store, digests: Digests) -> tuple[set[str], tuple[str, ...]]:
    """Return the keys of all that is named, and the trees that do not tell what they name."""
    keys, lost = keys_of(store, digests.files, ()), []
    for digest in digests.trees:
        keys.add(tree_key(digest))
        try:
            keys |= keys_of_tree(store, digest)
        except (FileNotFoundError, ValueError, LookupError, TypeError) as error:
            log.warning("TREE LOST", tree=digest, error=str(error).partition("\n")[0])
            lost.append(digest)
    return keys, tuple(sorted(lost))


def sweep_if_due(context: Context, holder: str) -> threading.Thread | None:
    """Sweep in a thread, which is returned, if nobody has for a day."""
    if not _take_turn(context.database, holder):
        return None
    thread = threading.Thread(target=_sweep_and_tell, args=(context,), name="sweep", daemon=True)
    thread.start()
    return thread


def _sweep_and_tell(context: Context) -> None:
    try:
        done = sweep(context)
        log.info("swept", **asdict(done))
    except Exception:
        # Tomorrow's finds the same to do.
        log.exception("sweep stumbled")


def _take_turn(database: Database, holder: str) -> bool:
    """Return whether to sweep now. Never on a database's first day: it may be the wrong one."""
    with database.reading() as session:  # which is all that there is to do but once a day
        if not _is_due(session):
            return False
    with database.writing() as session:
        if not _is_due(session):
            return False
        is_first = session.get(UpkeepLease, Duty.SWEEP) is None
        until = database_now(session) + EVERY
        session.merge(UpkeepLease(duty=Duty.SWEEP, holder=holder, until=until))
        return not is_first


def _is_due(session: Session) -> bool:
    return not any(holder_of(session, duty) for duty in (Duty.SWEEP, Duty.BACKUP))


def _refuse_during_backup(database: Database) -> None:
    with database.reading() as session:
        if holder_of(session, Duty.BACKUP):
            raise ConflictError("A backup is being made; nothing is removed meanwhile.")


def _older(store: Store, prefix: str, than: datetime) -> Iterator[Entry]:
    return (entry for entry in store.entries(prefix) if entry.written < than)


def _of_gone_jobs(context: Context, gone: Retired, old: datetime) -> Iterator[Entry]:
    """Yield what lies below `jobs/` of jobs that are no more or keep no files; see `gone`, too."""
    there = {int(name) for name in context.store.folders("jobs/") if name.isdecimal()}
    with context.database.reading() as session:
        keeping = set(session.scalars(select(Job.id).where(Job.files_removed_at.is_(None))))
    for number in sorted(there - keeping.difference(gone.files, gone.jobs)):
        yield from _older(context.store, f"jobs/{number}/", old)


def _remove(store: Store, key: str, old: datetime) -> bool:
    """Remove an object, unless it was written again meanwhile."""
    written = store.written(key)
    if written is None or written >= old:
        return False
    store.delete(key)
    return True
