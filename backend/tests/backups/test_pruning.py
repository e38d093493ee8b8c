"""Old backups go, the newest whole one never does, and other folders are left alone."""

import shutil
from pathlib import Path

import pytest

from app.backups.folder import Folder
from app.backups.making import make_backup
from app.backups.places import content_key, manifest_key
from app.backups.pruning import Scheme, prune, wanted
from app.backups.restoring import check_backup
from app.core.errors import ConflictError
from app.jobs.context import Context
from app.storage.blobs import digest_of, put_blob
from app.storage.trees import TreeFile, put_tree
from tests.jobs.factories import make_job

DAYS = [f"202601{day:02}T030000Z" for day in range(1, 32)]


@pytest.fixture
def folder(context: Context, tmp_path: Path) -> Path:
    """Three backups of three days, each with a file of its own that the next has not."""
    path = tmp_path / "backups"
    for number, name in enumerate(DAYS[:3]):
        source = b"source %d" % number
        tree = put_tree(context.store, {"a.v": TreeFile(put_blob(context.store, source), 8)})
        job = make_job(context.database, tree_digest=tree)
        log = f"jobs/{job}/attempts/1/log/000000"
        context.store.put(log, b"only in backup %d" % number)
        make_backup(context, Folder(path))
        context.store.delete(log)
        [new] = (path / "backups").glob("*T*Z.jsonl") if number == 0 else _new(path)
        new.rename(path / manifest_key(name))
    return path


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """One kind is enough: what is pruned are files."""
    shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "a6hub.sqlite3")
    return f"sqlite:///{tmp_path}/a6hub.sqlite3"


def _new(path: Path) -> list[Path]:
    return [one for one in (path / "backups").iterdir() if one.stem not in DAYS]


def only_in(path: Path, number: int) -> Path:
    return path / content_key(digest_of(b"only in backup %d" % number))


def test_the_last_of_days_and_weeks_stay() -> None:
    twice = [*DAYS, "20260131T040000Z"]
    assert sorted(wanted(twice, Scheme(3, 0))) == [*DAYS[28:30], "20260131T040000Z"]
    # 2026-01-31 is a Saturday: the weeks end on Sundays 25 and 18.
    weekly = wanted(twice, Scheme(1, 3))
    assert sorted(weekly) == [DAYS[17], DAYS[24], "20260131T040000Z"]
    assert wanted(twice, Scheme(0, 0)) == set()


def test_old_backups_go_with_what_they_alone_named(folder: Path) -> None:
    told = prune(Folder(folder), Scheme(2, 0), dry_run=True)
    assert only_in(folder, 0).exists()
    done = prune(Folder(folder), Scheme(2, 0))
    assert done == told
    assert (done.removed, done.kept) == (DAYS[:1], DAYS[1:3])
    assert done.objects == 2  # its database and its log
    assert [only_in(folder, number).exists() for number in range(3)] == [False, True, True]
    assert [check_backup(Folder(folder), name) for name in DAYS[1:3]] == [[], []]
    again = prune(Folder(folder), Scheme(2, 0))
    assert (again.removed, again.objects) == ([], 0)


def test_the_newest_whole_backup_stays_whatever_is_asked(folder: Path) -> None:
    only_in(folder, 2).write_bytes(b"damaged")
    done = prune(Folder(folder), Scheme(1, 0))
    assert (done.removed, done.kept) == (DAYS[:1], DAYS[1:3])
    (folder / manifest_key(DAYS[2])).write_text("{}\n")
    assert prune(Folder(folder), Scheme(0, 0)).kept == [DAYS[1]]


def test_a_damaged_manifest_that_is_to_stay_is_named(folder: Path) -> None:
    (folder / manifest_key(DAYS[1])).write_text("{}\n")
    before = sorted(folder.rglob("*"))
    with pytest.raises(ConflictError, match=f"{DAYS[1]}.jsonl is damaged"):
        prune(Folder(folder), Scheme(2, 0))
    assert [one for one in sorted(folder.rglob("*")) if not one.match("*lock")] == before


def test_without_a_whole_backup_nothing_goes(folder: Path) -> None:
    for number in range(3):
        only_in(folder, number).unlink()
    before = sorted(folder.rglob("*"))
    with pytest.raises(ConflictError, match="nothing is removed"):
        prune(Folder(folder), Scheme(1, 0))
    assert [one for one in sorted(folder.rglob("*")) if not one.match("*lock")] == before


@pytest.mark.parametrize("name", ["holiday.jpg", "backups/notes.jsonl"])
def test_a_folder_of_something_else_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text("mine")
    before = sorted(folder.rglob("*"))
    with pytest.raises(ConflictError, match=name):
        prune(Folder(folder), Scheme(1, 0))
    assert sorted(folder.rglob("*")) == before


def test_what_is_cut_short_is_done_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is away")

    monkeypatch.setattr(Folder, "remove", fail)
    with pytest.raises(OSError, match="away"):
        prune(Folder(folder), Scheme(2, 0))
    monkeypatch.undo()
    assert prune(Folder(folder), Scheme(2, 0)).objects == 2


def test_one_at_a_time(folder: Path) -> None:
    place = Folder(folder)
    with place.changing(), pytest.raises(ConflictError, match="Another command"):
        prune(Folder(folder), Scheme(1, 0))


def test_nothing_is_removed_while_a_backup_is_read(folder: Path) -> None:
    with Folder(folder).reading(), Folder(folder).reading():
        with pytest.raises(ConflictError, match="being read"):
            prune(Folder(folder), Scheme(1, 0))
        with Folder(folder).changing():  # a backup may be added meanwhile
            pass
    assert only_in(folder, 0).exists()
    with Folder(folder).removing(), pytest.raises(ConflictError, match="being removed"):
        _read(folder)
    assert prune(Folder(folder), Scheme(1, 0)).removed == DAYS[:2]


def _read(folder: Path) -> None:
    with Folder(folder).reading():
        pass
