"""A backup of any older schema is restored and brought up to date; of a newer one never."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.backups.folder import Folder
from app.backups.making import _keep_part
from app.backups.manifest import Kept, Manifest, write
from app.backups.restoring import check_backup, restore
from app.backups.snapshot import snapshot
from app.core.errors import InvalidError
from app.db.migrate import is_current, upgrade
from app.jobs.context import Context
from app.jobs.logs import read_log, segment_key
from app.models import Job, JobStatus
from app.storage.blobs import get_blob, put_blob
from app.storage.trees import TreeFile, put_tree
from tests.backups.conftest import MakeEmpty
from tests.db.old import DONE, FIRST, RUNNING, WAITING, as_before, fill, rows_of
from tests.db.test_upgrade import schemas
from tests.jobs.factories import attempts_of, claim_job, job_of, make_job, status_of

#: What a restore settles, beside what an upgrade makes anew.
SETTLED = {"jobs", "attempts", "outbox", "access_tokens", "upkeep_leases", "workers", "holds"}
SOURCE = b"module tb; endmodule"


@pytest.fixture
def in_store(request: pytest.FixtureRequest) -> object:
    """One kind of store is enough: what differs here is the database."""
    return lambda settings: settings


def chunks_of(context: Context, key: str) -> Iterator[bytes]:
    return context.store.open(key).chunks


def old_backup(old: Context, place: Folder, schema: str) -> str:
    """Make a backup as the a6hub of that schema did, of data that has been there since the first."""
    upgrade(old.settings, FIRST)
    file = put_blob(old.store, SOURCE)
    fill(old.database, put_tree(old.store, {"tb.v": TreeFile(file, len(SOURCE))}), file)
    old.store.put(segment_key(DONE, 1, 0), b"all is said\n")
    old.store.put(f"jobs/{DONE}/attempts/1/artifacts/a.vcd", b"waves")
    upgrade(old.settings, schema)
    with snapshot(old.database) as taken:
        made = Manifest("0.0.1", old.database.engine.dialect.name, schema)
        made.parts += [_keep_part(place, *piece) for piece in taken.pieces]
    for entry in old.store.entries(""):
        if not entry.key.startswith("health/"):
            part = _keep_part(place, "", [], partial(chunks_of, old, entry.key))
            made.objects.append(Kept(entry.key, part.digest, entry.size))
    place.finish("20260101T000000Z", write(made))
    return file


@pytest.mark.parametrize("schema", schemas())
def test_an_older_backup_is_restored(make_empty: MakeEmpty, tmp_path: Path, schema: str) -> None:
    place, old, new = Folder(tmp_path / "backups"), make_empty(), make_empty()
    file = old_backup(old, place, schema)
    before = rows_of(old.database)
    assert check_backup(place, None) == []
    restore(new.settings, place)
    assert is_current(new.database)
    after = as_before(rows_of(new.database), before)
    for name in before.keys() - SETTLED:
        assert after[name] == before[name], name
    assert read_log(new.store, DONE, 1, 0, 100) == b"all is said\n"
    assert get_blob(new.store, file) == SOURCE
    assert job_of(new.database, DONE).message == "Good."
    outcomes = [one.outcome for one in attempts_of(new.database, RUNNING)]
    assert outcomes == ["lost", "released"]
    for job in (WAITING, RUNNING):
        assert status_of(new.database, job) is JobStatus.PENDING
        claim_job(new.database, job)
    with new.database.reading() as session:
        newest = max(session.query(Job.id))[0]
    assert make_job(new.database) > newest


def test_a_newer_backup_is_refused(make_empty: MakeEmpty, tmp_path: Path) -> None:
    place, old, new = Folder(tmp_path / "backups"), make_empty(), make_empty()
    old_backup(old, place, schemas()[-1])
    [path] = (tmp_path / "backups" / "backups").iterdir()
    path.write_text(path.read_text().replace(schemas()[-1], "9999", 1))
    with pytest.raises(InvalidError, match="newer; upgrade this one first"):
        restore(new.settings, place)
    assert rows_of(new.database) == {}


@pytest.mark.system
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_of_the_other_database_is_refused(
    make_empty: MakeEmpty, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    place, old, new = Folder(tmp_path / "backups"), make_empty(), make_empty()
    old_backup(old, place, schemas()[-1])
    server = request.getfixturevalue("postgresql")
    settings = new.settings.model_copy(update={"database_url": server.at("template")})
    with pytest.raises(InvalidError, match="names a postgresql one"):
        restore(settings, place)
