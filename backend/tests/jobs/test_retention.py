"""What the retention removes, what it leaves, and that it may be cut short or done twice."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import select

from app.core.clock import utcnow
from app.core.errors import ConflictError
from app.core.settings import Settings
from app.jobs import retention, sweep
from app.jobs.context import Context
from app.jobs.duties import Duty
from app.jobs.logs import segment_key
from app.jobs.outcomes import Ending
from app.jobs.retention import delete_job, kept_until, pin, retire
from app.jobs.states import finish
from app.models import Artifact, Job, JobStatus, KeptStep, Revision, UpkeepLease, User
from app.storage.blobs import put_blob
from app.storage.trees import TreeFile, put_tree, tree_key
from tests.jobs.factories import claim_job, job_of, make_job, make_user

AT_ONCE = timedelta(0)


def tree_of(context: Context, source: bytes) -> str:
    digest = put_blob(context.store, source)
    return put_tree(context.store, {"a.v": TreeFile(digest, len(source))})


def over(context: Context, *, days_ago: float, source: bytes = b"source") -> int:
    """Make a job that has ended, with a log, an artifact and a kept step."""
    tree = tree_of(context, source)
    job_id = make_job(context.database, tree_digest=tree)
    mine = claim_job(context.database, job_id)
    key = f"jobs/{job_id}/attempts/1/artifacts/a.gds"
    context.store.put(key, b"layout")
    context.store.put(segment_key(job_id, 1, 0), b"log")
    row = {"job_id": job_id, "attempt": 1}
    with context.database.writing() as session:
        finish(session, mine, Ending(JobStatus.COMPLETED, "Good."))
        session.get_one(Job, job_id).ended_at = utcnow() - timedelta(days=days_ago)
        file = {"name": "a.gds", "kind": "gds", "size": 6, "digest": "d" * 64, "key": key}
        session.add(Artifact(**row, **file))
        session.add(KeptStep(**row, step="A.One", folder="run/01", tree_digest=tree))
    return job_id


def files_of(context: Context, job_id: int) -> list[str]:
    return list(context.store.keys(f"jobs/{job_id}/"))


@pytest.fixture
def keeping(context: Context) -> Callable[..., Context]:
    """Return what gives the context settings of retention, by default without newest jobs."""

    def with_settings(**days: float) -> Context:
        settings = context.settings.model_copy(update={"keep_newest_jobs": 0, **days})
        return Context(settings, context.database, context.store, context.broker)

    return with_settings


def is_there(context: Context, job_id: int) -> bool:
    with context.database.reading() as session:
        return session.get(Job, job_id) is not None


def test_by_default_files_and_jobs_stay(context: Context) -> None:
    job = over(context, days_ago=10_000)
    assert sweep.sweep(context, grace=AT_ONCE) == sweep.Swept(steps=1)
    assert len(files_of(context, job)) == 2


def test_files_go_and_the_job_stays(keeping: Callable[..., Context]) -> None:
    context = keeping(keep_files_days=90)
    old, young = over(context, days_ago=91), over(context, days_ago=89)
    told = sweep.sweep(context, dry_run=True, grace=AT_ONCE)
    assert job_of(context.database, old).files_removed_at is None
    done = sweep.sweep(context, grace=AT_ONCE)
    assert (done.files, done.jobs, done.objects, done.bytes) == (1, 0, 2, 9)
    assert (told.files, told.objects, told.bytes) == (1, 2, 9)
    assert job_of(context.database, old).files_removed_at is not None
    assert files_of(context, old) == []
    assert len(files_of(context, young)) == 2
    assert sweep.sweep(context, grace=AT_ONCE) == sweep.Swept()


def test_jobs_go_with_their_source(keeping: Callable[..., Context]) -> None:
    context = keeping(keep_jobs_days=365)
    old, young = over(context, days_ago=366), over(context, days_ago=364, source=b"other")
    with context.database.reading() as session:
        tree = session.get_one(Revision, job_of(context.database, old).revision_id).tree_digest
    assert sweep.sweep(context, dry_run=True, grace=AT_ONCE).jobs == 1
    done = sweep.sweep(context, grace=AT_ONCE)
    assert (done.jobs, done.objects) == (1, 4)  # log, artifact, the tree and its file
    assert not is_there(context, old)
    assert is_there(context, young)
    assert not context.store.exists(tree_key(tree))
    with context.database.reading() as session:
        assert len(session.scalars(select(Revision)).all()) == 1


def test_the_newest_of_each_project_and_type_stay(keeping: Callable[..., Context]) -> None:
    context = keeping(keep_files_days=1, keep_newest_jobs=2)
    jobs = [over(context, days_ago=9) for _ in range(4)]
    with context.database.writing() as session:
        first = session.get_one(Job, jobs[0])
        for job_id in jobs[:3]:  # the fourth has a project to itself
            session.get_one(Job, job_id).project_id = first.project_id
    assert retire(context).files == [jobs[0]]


def test_a_pin_holds(keeping: Callable[..., Context]) -> None:
    context = keeping(keep_files_days=1, keep_jobs_days=2, keep_steps_days=1)
    job, ada = over(context, days_ago=9), owner(context)
    for _ in range(2):
        assert pin(context, ada, job, pinned=True).pinned
    assert retire(context) == retention.Retired()
    assert kept_until(job_of(context.database, job), context.settings) is None
    with pytest.raises(ConflictError, match="unpin it first"):
        delete_job(context, ada, job)
    pin(context, ada, job, pinned=False)
    assert retire(context).jobs == [job]


def test_a_pin_that_comes_while_jobs_go_holds(
    keeping: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the change somebody pins, or restarts, what was found."""
    context = keeping(keep_files_days=1)
    pinned, restarted = (over(context, days_ago=9) for _ in range(2))
    found = retention._old

    def look(*words: object) -> list[int]:
        jobs = found(*words)  # type: ignore[arg-type]  # handed on as they came
        pin(context, owner(context), pinned, pinned=True)
        with context.database.writing() as session:
            session.get_one(Job, waiting).continues = restarted
        return jobs

    waiting = make_job(context.database)
    monkeypatch.setattr(retention, "_old", look)
    assert retire(context) == retention.Retired()


def owner(context: Context) -> User:
    """Return somebody who may do all."""
    user = make_user(context.database, f"root {utcnow()}")
    user.is_admin = True
    return user


def test_what_is_cut_short_is_done_the_next_time(
    keeping: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = keeping(keep_files_days=1)
    jobs = [over(context, days_ago=9) for _ in range(3)]
    remove, calls = sweep._remove, list[str]()

    def fail_later(*words: object) -> bool:
        if len(calls) == 3:
            raise OSError("the store is away")
        calls.append("")
        return remove(*words)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(sweep, "_remove", fail_later)
    with pytest.raises(OSError, match="away"):
        sweep.sweep(context, grace=AT_ONCE)
    monkeypatch.undo()
    assert sweep.sweep(context, grace=AT_ONCE).objects == 3
    assert [files_of(context, job) for job in jobs] == [[], [], []]


def test_two_at_once_do_it_once(keeping: Callable[..., Context]) -> None:
    context = keeping(keep_jobs_days=1)
    jobs = [over(context, days_ago=9) for _ in range(12)]
    done: list[int] = []
    threads = [Thread(target=lambda: done.extend(retire(context).jobs)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == jobs


def test_only_what_has_ended_can_be_deleted(context: Context) -> None:
    ada, tree = owner(context), tree_of(context, b"source")
    running = make_job(context.database, tree_digest=tree)
    for _ in range(2):
        with pytest.raises(ConflictError, match="cancel it first"):
            delete_job(context, ada, running)
        if job_of(context.database, running).status == JobStatus.PENDING:
            claim_job(context.database, running)
    wanted, waiting = over(context, days_ago=0), make_job(context.database, tree_digest=tree)
    with context.database.writing() as session:
        session.get_one(Job, waiting).continues = wanted
    with pytest.raises(ConflictError, match="begin with steps"):
        delete_job(context, ada, wanted)
    ended = over(context, days_ago=0)
    delete_job(context, ada, ended)
    assert not is_there(context, ended)
    sweep.sweep(context, grace=AT_ONCE)
    assert files_of(context, ended) == []


def test_a_backup_that_begins_meanwhile_keeps_the_files(
    keeping: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = keeping(keep_files_days=1)
    job = over(context, days_ago=9)

    def retire_slowly(*words: object, **more: object) -> retention.Retired:
        done = retire(context)
        with context.database.writing() as session:
            later = utcnow() + timedelta(hours=1)
            session.add(UpkeepLease(duty=Duty.BACKUP, holder="x", until=later))
        return done

    monkeypatch.setattr(sweep, "retire", retire_slowly)
    with pytest.raises(ConflictError, match="backup"):
        sweep.sweep(context, grace=AT_ONCE)
    assert len(files_of(context, job)) == 2


@pytest.mark.parametrize(
    ("days", "expected"),
    [({}, None), ({"keep_files_days": 3}, 3), ({"keep_files_days": 3, "keep_jobs_days": 5}, 3)],
)
def test_until_when_files_stay(days: dict[str, float], expected: int | None) -> None:
    ended = utcnow()
    job = Job(pinned=False, ended_at=ended)
    until = kept_until(job, Settings(**days))  # type: ignore[arg-type]  # checked by pydantic
    assert until == (None if expected is None else ended + timedelta(days=expected))


def test_jobs_cannot_go_before_their_files() -> None:
    with pytest.raises(ValueError, match="A6HUB_KEEP_FILES_DAYS=9"):
        Settings(keep_files_days=9, keep_jobs_days=8)
