"""The sweep removes what nobody names, and nothing else."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from app.core.clock import utcnow
from app.jobs.context import Context
from app.jobs.duties import Duty
from app.jobs.logs import segment_key
from app.jobs.outcomes import Ending
from app.jobs.states import finish
from app.jobs.store_owner import KEY, ForeignStoreError
from app.jobs.sweep import _take_turn, sweep
from app.models import Job, JobStatus, KeptStep, ProjectFile, Revision, UpkeepLease
from app.storage import freshness
from app.storage.blobs import blob_key, get_blob, put_blob
from app.storage.trees import TreeFile, put_tree, tree_key
from tests.jobs.factories import claim_job, job_of, make_job, make_project, make_user
from tests.system.workers import wait_until

AT_ONCE = timedelta(0)


def _tree(context: Context, text: bytes) -> tuple[str, str]:
    """Return the digests of a tree and of its one file."""
    digest = put_blob(context.store, text)
    return put_tree(context.store, {"a.v": TreeFile(digest, len(text))}), digest


@pytest.fixture
def job(context: Context) -> int:
    return make_job(context.database, tree_digest=_tree(context, b"source")[0])


def _keep_step(context: Context, job_id: int) -> tuple[str, str]:
    tree, blob = _tree(context, b"of a step")
    with context.database.writing() as session:
        row = KeptStep(job_id=job_id, attempt=1, step="A.One", folder="run/01", tree_digest=tree)
        session.add(row)
    return tree, blob


def _end(context: Context, job_id: int, days_ago: float) -> None:
    mine = claim_job(context.database, job_id)
    with context.database.writing() as session:
        finish(session, mine, Ending(JobStatus.COMPLETED, "Good."))
        session.get_one(Job, job_id).ended_at = utcnow() - timedelta(days=days_ago)


def test_what_rows_name_stays(context: Context, job: int) -> None:
    user = make_user(context.database, "eve")
    project = make_project(context.database, user, "other")
    digest = put_blob(context.store, b"file of a project")
    with context.database.writing() as session:
        session.add(ProjectFile(project_id=project.id, path="a.v", digest=digest, size=17))
    _, blob = _keep_step(context, job)
    context.store.put(segment_key(job, 1, 0), b"log")
    before = {*context.store.keys(""), KEY}
    done = sweep(context, grace=AT_ONCE)
    assert (done.objects, done.bytes, done.steps) == (0, 0, 0)
    assert set(context.store.keys("")) == before
    assert get_blob(context.store, blob) == b"of a step"


def test_what_nobody_names_goes(context: Context, job: int) -> None:
    tree, blob = _tree(context, b"of nobody")
    context.store.put("jobs/999/attempts/1/artifacts/x", b"of a deleted job")
    counted = sweep(context, dry_run=True, grace=AT_ONCE)
    done = sweep(context, grace=AT_ONCE)
    assert counted == done
    assert done.objects == 3
    assert not [key for key in (tree_key(tree), blob_key(blob)) if context.store.exists(key)]
    assert list(context.store.keys("jobs/999")) == []


@pytest.mark.parametrize("damage", [None, b"{", b"[]", b'{"files": {"a": {}}}'])
def test_a_lost_tree_keeps_what_it_may_name_and_stops_nothing_else(
    context: Context, job: int, damage: bytes | None
) -> None:
    lost, file_of_lost = _tree(context, b"of a lost tree")
    other = make_job(context.database, tree_digest=lost)
    context.store.delete(tree_key(lost))
    if damage is not None:
        context.store.put(tree_key(lost), damage)
    orphan, of_orphan = _tree(context, b"of nobody")
    context.store.put("jobs/999/log", b"of a deleted job")
    done = sweep(context, grace=AT_ONCE)
    assert done.lost == (lost,)
    assert not context.store.exists(tree_key(orphan))
    assert not context.store.exists("jobs/999/log")
    assert get_blob(context.store, file_of_lost) == b"of a lost tree"
    with context.database.writing() as session:
        session.execute(delete(Job).where(Job.id == other))
        session.execute(delete(Revision).where(Revision.tree_digest == lost))
    done = sweep(context, grace=AT_ONCE)
    assert done.lost == ()
    assert not [digest for digest in (file_of_lost, of_orphan) if _has(context, digest)]


def _has(context: Context, digest: str) -> bool:
    return context.store.exists(blob_key(digest))


@pytest.mark.parametrize("owned", ["by another", "and lost its database"])
def test_another_a6hubs_store_is_left_alone(context: Context, job: int, owned: str) -> None:
    if owned == "by another":
        context.store.put(KEY, b"another")
    else:
        sweep(context)
        with context.database.writing() as session:
            session.execute(delete(UpkeepLease))
    _, blob = _tree(context, b"named elsewhere")
    with pytest.raises(ForeignStoreError, match="nothing is removed"):
        sweep(context, grace=AT_ONCE)
    assert get_blob(context.store, blob) == b"named elsewhere"


def test_what_is_young_stays(context: Context, job: int) -> None:
    _, blob = _tree(context, b"of nobody yet")
    assert sweep(context).objects == 0
    assert get_blob(context.store, blob) == b"of nobody yet"


def test_kept_steps_go_with_time(context: Context, job: int) -> None:
    tree, _ = _keep_step(context, job)
    _end(context, job, days_ago=13)
    assert sweep(context, grace=AT_ONCE).steps == 0
    _end_long_ago(context, job)
    done = sweep(context, grace=AT_ONCE)
    assert (done.steps, done.objects) == (1, 2)
    assert not context.store.exists(tree_key(tree))
    assert job_of(context.database, job).status == JobStatus.COMPLETED


def test_kept_steps_stay_for_a_job_that_is_to_begin_with_them(context: Context, job: int) -> None:
    tree, _ = _keep_step(context, job)
    _end(context, job, days_ago=15)
    other = make_job(context.database, tree_digest=_tree(context, b"source")[0])
    with context.database.writing() as session:
        session.get_one(Job, other).continues = job
    assert sweep(context, grace=AT_ONCE).steps == 0
    assert context.store.exists(tree_key(tree))


def _end_long_ago(context: Context, job_id: int) -> None:
    with context.database.writing() as session:
        session.get_one(Job, job_id).ended_at = utcnow() - timedelta(days=15)


def test_content_that_is_kept_again_is_young_again(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = put_blob(context.store, b"x")
    first = context.store.written(blob_key(digest))
    put_blob(context.store, b"x")
    assert context.store.written(blob_key(digest)) == first
    monkeypatch.setattr(freshness, "FRESH", AT_ONCE)
    assert first is not None

    def is_younger() -> bool:
        put_blob(context.store, b"x")
        again = context.store.written(blob_key(digest))
        return again is not None and again > first

    wait_until(is_younger, "the clock of the disk has gone on")


def test_one_process_has_the_turn_once_a_day(context: Context) -> None:
    assert not _take_turn(context.database, "a")  # the first is a day later
    with context.database.writing() as session:
        session.get_one(UpkeepLease, Duty.SWEEP).until = utcnow() - timedelta(seconds=1)
    turns = [_take_turn(context.database, name) for name in ("a", "b", "a")]
    assert turns == [True, False, False]


def test_a_folder_is_not_taken_for_its_prefix(context: Context, job: int, tmp_path: Path) -> None:
    """Job 1 is there, job 11 is not."""
    kept = segment_key(job, 1, 0)
    context.store.put(kept, b"log")
    context.store.put(segment_key(int(f"{job}1"), 1, 0), b"log")
    assert sweep(context, grace=AT_ONCE).objects == 1
    assert context.store.exists(kept)
