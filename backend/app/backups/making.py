"""Making a backup."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import delete, select

from app import __version__
from app.backups import manifest as manifests
from app.backups.copying import Fetched, fetched
from app.backups.manifest import Kept, Manifest, Part
from app.backups.places import Place, content_key
from app.backups.snapshot import Snapshot, snapshot
from app.core.clock import utcnow
from app.core.errors import ConflictError
from app.db.engine import Database
from app.db.migrate import current_schema, is_current
from app.jobs.context import Context
from app.jobs.duties import Duty, elect
from app.jobs.named import keys_of, named_digests
from app.jobs.tallies import note_backup
from app.models import Artifact, Job, UpkeepLease
from app.storage.store import Store
from app.storage.trees import tree_key

#: For how long the sweep waits for a backup that tells nothing any more, in seconds.
LEASE_SECONDS = 600.0
#: Shows progress while objects are gone through.
Progress = Callable[[Sequence[Kept]], Iterable[Kept]]


def make_backup(context: Context, place: Place, progress: Progress = iter) -> Manifest:
    """Add a backup to `place`, and return what is in it.

    What `place` has already is not copied again. Objects that are named but not in the store, or
    not what they should be, are `lost`. ConflictError when another backup is being made, or when
    the database has not the schema of this a6hub.
    """
    if not is_current(context.database):
        raise ConflictError("The database has not this a6hub's schema: start it once, or upgrade.")
    begun = utcnow()
    name = f"{begun:%Y%m%dT%H%M%SZ}"
    with _turn(context.database) as go_on:
        with snapshot(context.database) as taken:
            made = Manifest(
                __version__, context.database.engine.dialect.name, current_schema(context.database)
            )
            made.parts += [_keep_part(place, *piece) for piece in taken.pieces]
            wanted = [*_named(taken, context.store, go_on)]
        before = _before(place)
        for one in progress(wanted):
            go_on()
            _keep(context.store, place, made, before.get(one, one))
        place.finish(name, manifests.write(made))
    note_backup(context.database, begun)
    return made


@contextmanager
def _turn(database: Database) -> Iterator[Callable[[], None]]:
    """Keep other backups and the sweep away; what is yielded has to be called again and again."""
    holder, told_at = uuid.uuid4().hex, float("-inf")

    def go_on() -> None:
        nonlocal told_at
        if time.monotonic() - told_at > LEASE_SECONDS / 10:
            if not elect(database, Duty.BACKUP, holder, LEASE_SECONDS):
                raise ConflictError("Another backup is being made.")
            told_at = time.monotonic()

    go_on()
    try:
        yield go_on
    finally:
        with database.writing() as session:
            session.execute(delete(UpkeepLease).where(UpkeepLease.holder == holder))


def _keep_part(
    place: Place, table: str, columns: list[str], chunks: Callable[[], Iterator[bytes]]
) -> Part:
    with fetched(chunks()) as part:
        _put(place, part)
        return Part(table, columns, part.digest)


def _put(place: Place, found: Fetched) -> None:
    if place.size(content_key(found.digest)) is None:
        place.put(content_key(found.digest), found.file, found.size)


def _named(taken: Snapshot, store: Store, go_on: Callable[[], None]) -> Iterator[Kept]:
    """Yield the objects that the snapshot names, with their digests where they are known.

    To look into the folder of each job may take longer than the lease: `go_on` extends that.
    """
    digests = named_digests(taken.session)
    lost = {tree for tree in digests.trees if not store.exists(tree_key(tree))}
    content = keys_of(store, digests.files, digests.trees - lost) | set(map(tree_key, lost))
    for key in sorted(content):
        yield Kept(key, key.rpartition("/")[2], 0)
    artifacts = {row.key: row.digest for row in taken.session.execute(_ARTIFACTS)}
    folders = [f"jobs/{job}/" for job in taken.session.scalars(_WITH_FILES)]
    for folder in (*folders, "catalogs/"):
        go_on()
        for entry in store.entries(folder):
            digest = artifacts.pop(entry.key, "")
            yield Kept(entry.key, digest, entry.size, entry.written.isoformat())
    for key, digest in artifacts.items():  # which are not there
        yield Kept(key, digest, 0)


_WITH_FILES = select(Job.id).where(Job.files_removed_at.is_(None)).order_by(Job.id)
_ARTIFACTS = (
    select(Artifact.key, Artifact.digest)
    .join(Job, Job.id == Artifact.job_id)
    .where(Job.files_removed_at.is_(None))
)


def _before(place: Place) -> dict[Kept, Kept]:
    """Return what the backup before this one knows of objects that have not changed since."""
    names = place.names()
    if not names:
        return {}
    objects = manifests.read(place.manifest(names[-1])).objects
    return {Kept(one.key, "", one.size, one.written): one for one in objects}


def _keep(store: Store, place: Place, made: Manifest, one: Kept) -> None:
    """Copy an object unless the place has its content."""
    size = place.size(content_key(one.digest)) if one.digest else None
    if size is not None:
        made.objects.append(Kept(one.key, one.digest, size, one.written))
        return
    try:
        with fetched(store.open(one.key).chunks) as found:
            if found.digest != (one.digest or found.digest):
                made.lost.append(one.key)
                return
            _put(place, found)
            made.objects.append(Kept(one.key, found.digest, found.size, one.written))
    except FileNotFoundError:
        if one.digest:  # else it was a log's, whose job has gone since
            made.lost.append(one.key)
