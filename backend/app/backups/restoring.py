"""Bringing a backup back into an empty a6hub."""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import inspect, text

from app.backups import manifest as manifests
from app.backups.copying import fetched
from app.backups.database import restore_database
from app.backups.manifest import Kept, Manifest
from app.backups.places import Place, content_key
from app.core.errors import ConflictError, InvalidError
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import knows_schema
from app.jobs.store_owner import KEY as OWNER_KEY
from app.storage.store import Store, make_store

Progress = Callable[[Sequence[Kept]], Iterable[Kept]]
#: An a6hub with rows in one of these is in use.
_TELLING = ("users", "projects", "jobs")
_PREFIXES = ("blobs/", "trees/", "jobs/")


def check_backup(place: Place, name: str | None, progress: Progress = iter) -> list[str]:
    """Read a whole backup; return what is missing in it, or is not what it was.

    Of each what it is, and where in `place` it should be.
    """
    made = manifests.read(place.manifest(name))
    parts = [Kept(f"database {part.table}".strip(), part.digest, 0) for part in made.parts]
    bad = [one for one in progress([*parts, *made.objects]) if not _is_well(place, one)]
    return [f"{one.key}: {content_key(one.digest)}" for one in bad]


def restore(
    settings: Settings, place: Place, name: str | None = None, progress: Progress = iter
) -> Manifest:
    """Bring back a backup, by default the newest, and return what was in it.

    Objects first, the database last: what is cut short can be begun again. No job runs afterwards:
    those that did wait again. ConflictError unless the system is empty, InvalidError when the
    backup does not fit it, ValueError when an object of the backup is not what it was.
    """
    made = manifests.read(place.manifest(name))
    database, store = Database(settings.database), make_store(settings)
    try:
        _refuse_misfit(made, database)
        _refuse_used(made, database, store)
        for one in progress(made.objects):
            _bring_back(place, store, one)
        restore_database(settings, database, place, made)
        store.delete(OWNER_KEY)  # of a database that the store had before, if any
    finally:
        database.close()
    return made


def _refuse_misfit(made: Manifest, database: Database) -> None:
    dialect = database.engine.dialect.name
    if made.dialect != dialect:
        raise InvalidError(
            f"The backup is of a {made.dialect} database, A6HUB_DATABASE_URL names a {dialect} one."
        )
    if not knows_schema(made.schema):
        raise InvalidError(
            f"The backup was made by a6hub {made.version}, which is newer; upgrade this one first."
        )


def _refuse_used(made: Manifest, database: Database, store: Store) -> None:
    with database.engine.connect() as connection:
        for table in set(_TELLING) & set(inspect(connection).get_table_names()):
            if connection.scalar(text(f"SELECT count(*) FROM {table}")):  # noqa: S608 - one of ours
                raise ConflictError(
                    f"The database has rows in its table {table}. Only an empty a6hub is restored: "
                    "name an empty database and an empty store."
                )
    known = {one.key for one in made.objects}
    for prefix in _PREFIXES:
        strange = next((key for key in store.keys(prefix) if key not in known), None)
        if strange is not None:
            raise ConflictError(f"The store is not empty: it holds {strange}, not of this backup.")


def _bring_back(place: Place, store: Store, one: Kept) -> None:
    with fetched(place.open(content_key(one.digest))) as found:
        if found.digest != one.digest:
            raise ValueError(f"{one.key} is not what it was when the backup was made")
        store.put_open_file(one.key, found.file)


def _is_well(place: Place, one: Kept) -> bool:
    try:
        with fetched(place.open(content_key(one.digest))) as found:
            return found.digest == one.digest
    except FileNotFoundError:
        return False
