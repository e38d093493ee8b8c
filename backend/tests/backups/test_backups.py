"""What was backed up comes back, into an empty a6hub alone; what is not whole is no backup."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.backups.folder import Folder
from app.backups.making import _named, make_backup
from app.backups.manifest import Kept
from app.backups.places import content_key
from app.backups.restoring import check_backup, restore
from app.backups.snapshot import snapshot
from app.backups.tar_file import NewFile, OldFile
from app.core.clock import utcnow
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.db.migrate import is_current, upgrade
from app.jobs.context import Context
from app.jobs.duties import Duty
from app.jobs.holds import begin_maintenance, maintenance
from app.jobs.sweep import sweep
from app.jobs.tallies import BACKUP_AT, read_tallies
from app.models import AccessToken, Attempt, Job, OutboxMessage, Project, UpkeepLease
from app.storage.blobs import blob_key, digest_of, put_blob
from tests.backups.conftest import MakeEmpty
from tests.backups.system import LAYOUT, Filled, objects_of, rows_of, was_running
from tests.jobs.factories import attempts_of, make_job, make_user

HOUR = 3600.0


@pytest.fixture
def filled(used: Context) -> Filled:
    return Filled(used)


def stop_at(number: int) -> "Stopping":
    return Stopping(number)


class Stopping:
    """Progress that ends in the midst, as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, objects: Sequence[Kept]) -> Iterable[Kept]:
        yield from objects[: self._number]
        raise KeyboardInterrupt


def test_all_comes_back(
    used: Context, filled: Filled, make_empty: MakeEmpty, tmp_path: Path
) -> None:
    place, empty = Folder(tmp_path / "backups"), make_empty()
    put_blob(used.store, b"named by nobody")
    begin_maintenance(used.database, "A backup.")
    rows, objects = rows_of(used), objects_of(used)
    del objects[blob_key(digest_of(b"named by nobody"))]
    assert make_backup(used, place).lost == []
    assert check_backup(place, None) == []
    with used.database.reading() as session:  # so that it is told when no more are made
        assert abs(read_tallies(session)[BACKUP_AT] - utcnow().timestamp()) < HOUR
    restore(empty.settings, place)
    assert is_current(empty.database)
    assert rows_of(empty) == rows
    assert objects_of(empty) == objects
    assert was_running(empty, filled.running)
    assert [one.outcome for one in attempts_of(empty.database, filled.running)] == ["released"]
    with empty.database.reading() as session:
        waiting = session.scalars(select(OutboxMessage).order_by(OutboxMessage.job_id)).all()
        assert [one.job_id for one in waiting] == [filled.waiting, filled.running]
        assert {one.published_at for one in waiting} == {None}
        assert session.scalars(select(AccessToken)).all() == []
        assert maintenance(session) is not None
    assert make_job(empty.database) > filled.running  # ids go on


def test_a_backup_is_of_one_moment(
    used: Context, filled: Filled, make_empty: MakeEmpty, tmp_path: Path
) -> None:
    """While objects are copied jobs are made, projects go, and the sweep may not run."""
    place, empty = Folder(tmp_path / "backups"), make_empty()
    rows = rows_of(used)

    def meanwhile(objects: Sequence[Kept]) -> Iterable[Kept]:
        make_job(used.database, user=make_user(used.database, "late"))
        with used.database.writing() as session:
            session.delete(session.get_one(Job, filled.done))
        with pytest.raises(ConflictError, match="backup is being made"):
            sweep(used, grace=timedelta(0))
        with pytest.raises(ConflictError, match="Another backup"):
            make_backup(used, place)
        yield from objects

    assert make_backup(used, place, meanwhile).lost == []
    restore(empty.settings, place)
    assert rows_of(empty) == rows
    with used.database.reading() as session:
        assert session.get(UpkeepLease, Duty.BACKUP) is None


def test_a_backup_goes_on_while_objects_are_looked_for(used: Context, filled: Filled) -> None:
    """Else the sweep would begin, if that takes long."""
    told: list[str] = []
    with snapshot(used.database) as taken:
        found = [*_named(taken, used.store, lambda: told.append("on"))]
    jobs = {one.key.split("/")[1] for one in found if one.key.startswith("jobs/")}
    assert str(filled.done) in jobs
    assert len(told) >= len(jobs)


def test_a_second_backup_copies_only_what_is_new(
    used: Context, filled: Filled, make_empty: MakeEmpty, tmp_path: Path
) -> None:
    place = Folder(tmp_path / "backups")
    first = make_backup(used, place)
    kept = {path for path in (tmp_path / "backups" / "objects").rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in kept}
    put_blob(used.store, b"named by nobody")
    used.store.put(f"jobs/{filled.running}/attempts/1/log/000000", b"begun\nand more\n")
    second = make_backup(used, place)
    changed = set(second.objects) - set(first.objects)
    assert [one.key for one in changed] == [f"jobs/{filled.running}/attempts/1/log/000000"]
    assert {path: path.stat().st_mtime_ns for path in kept} == times
    empty = make_empty()
    restore(empty.settings, place)
    assert empty.store.get(f"jobs/{filled.running}/attempts/1/log/000000").endswith(b"and more\n")


@pytest.mark.usefixtures("filled")
def test_a_file_holds_a_backup(used: Context, make_empty: MakeEmpty, tmp_path: Path) -> None:
    path, empty = tmp_path / "backup.tar", make_empty()
    with closing(NewFile(path)) as place:
        make_backup(used, place)
    assert path.stat().st_mode & 0o077 == 0
    assert not path.with_name("backup.tar.part").exists()
    with closing(OldFile(path)) as source:
        restore(empty.settings, source)
    assert rows_of(empty) == rows_of(used)
    assert objects_of(empty) == objects_of(used)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("objects", [0, 3])
def test_what_is_interrupted_is_no_backup(used: Context, tmp_path: Path, objects: int) -> None:
    folder, path = Folder(tmp_path / "backups"), tmp_path / "backup.tar"
    with closing(NewFile(path)) as file:
        for place in (folder, file):
            with pytest.raises(KeyboardInterrupt):
                make_backup(used, place, stop_at(objects))
    assert folder.names() == []
    with pytest.raises(NotFoundError, match="no whole backup"):
        check_backup(folder, None)
    assert [one.name for one in tmp_path.glob("backup.tar*")] == []


@pytest.mark.usefixtures("filled")
def test_an_interrupted_restore_can_be_begun_again(
    used: Context, make_empty: MakeEmpty, tmp_path: Path
) -> None:
    place, empty = Folder(tmp_path / "backups"), make_empty()
    make_backup(used, place)
    with pytest.raises(KeyboardInterrupt):
        restore(empty.settings, place, None, stop_at(3))
    assert rows_of(empty) == {}
    restore(empty.settings, place)
    assert rows_of(empty) == rows_of(used)


def test_only_an_empty_system_is_restored(
    used: Context, filled: Filled, make_empty: MakeEmpty, tmp_path: Path
) -> None:
    place, empty = Folder(tmp_path / "backups"), make_empty()
    make_backup(used, place)
    before = rows_of(used)
    with pytest.raises(ConflictError, match="has rows in its table"):
        restore(used.settings, place)
    assert rows_of(used) == before
    upgrade(empty.settings)  # tables alone are nothing
    stranger = put_blob(empty.store, b"of somebody else")
    with pytest.raises(ConflictError, match=stranger):
        restore(empty.settings, place)
    empty.store.delete(blob_key(stranger))
    restore(empty.settings, place)
    assert was_running(empty, filled.running)


@pytest.mark.usefixtures("filled")
def test_damage_in_a_backup_is_found(used: Context, make_empty: MakeEmpty, tmp_path: Path) -> None:
    place, empty = Folder(tmp_path / "backups"), make_empty()
    make_backup(used, place)
    (tmp_path / "backups" / content_key(digest_of(LAYOUT))).write_bytes(b"another layout")
    [bad] = check_backup(place, None)
    assert bad.endswith(f"chip.gds: {content_key(digest_of(LAYOUT))}")
    with pytest.raises(ValueError, match="not what it was"):
        restore(empty.settings, place)
    assert rows_of(empty) == {}
    (tmp_path / "backups" / content_key(digest_of(LAYOUT))).unlink()
    make_backup(used, place)
    assert check_backup(place, None) == []


def test_what_the_store_has_lost_is_told(used: Context, filled: Filled, tmp_path: Path) -> None:
    lost = f"jobs/{filled.done}/attempts/1/artifacts/chip.gds"
    used.store.delete(lost)
    used.store.put(blob_key(digest_of(b"a")), b"something else")
    made = make_backup(used, Folder(tmp_path / "backups"))
    assert sorted(made.lost) == sorted([lost, blob_key(digest_of(b"a"))])


@pytest.mark.usefixtures("filled")
def test_a_backup_that_does_not_fit_is_refused(
    used: Context, make_empty: MakeEmpty, tmp_path: Path
) -> None:
    place, empty = Folder(tmp_path / "backups"), make_empty()
    made = make_backup(used, place)
    [path] = (tmp_path / "backups" / "backups").iterdir()
    text = path.read_text()
    path.write_text(text.replace(f'"schema": "{made.schema}"', '"schema": "9999"'))
    with pytest.raises(InvalidError, match="newer"):
        restore(empty.settings, place)
    path.write_text(text.replace(f'"dialect": "{made.dialect}"', '"dialect": "other"'))
    with pytest.raises(InvalidError, match="other database"):
        restore(empty.settings, place)
    path.write_text("\n".join(text.splitlines()[:-1]))
    with pytest.raises(ValueError, match="cut short"):
        restore(empty.settings, place)


def test_rows_that_go_with_their_job_go(filled: Filled) -> None:
    """The rows of the tests are such as the service makes: they hang together."""
    with filled.context.database.writing() as session:
        for project in session.scalars(select(Project)).all():
            session.delete(project)
    with filled.context.database.reading() as session:
        assert session.scalars(select(Attempt)).all() == []
