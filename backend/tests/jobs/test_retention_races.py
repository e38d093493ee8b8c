"""Jobs that are being made while what they are of, or begin with, is about to be removed."""

import time
from collections.abc import Callable
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import ConflictError, NotFoundError
from app.db.engine import Database
from app.jobs import again, retention
from app.jobs.context import Context
from app.jobs.earlier import kept_steps
from app.jobs.retention import delete_job, retire
from app.jobs.submit import add_job
from app.models import Job, Project, Revision
from app.projects.revisions import keep_revision
from tests.jobs.factories import job_of
from tests.jobs.test_retention import is_there, keeping, over, owner

__all__ = ["keeping"]  # a fixture
_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


def until_it_waits(database: Database, thread: Thread) -> None:
    """Return when the thread waits for somebody's lock, or has done what it was to do."""
    deadline = time.monotonic() + 30
    while database.engine.dialect.name == "postgresql" and thread.is_alive():
        with database.engine.connect() as connection:
            if connection.scalar(_WAITING):
                return
        assert time.monotonic() < deadline, "it neither waits nor ends"
        time.sleep(0.01)


def beside(context: Context, make: Callable[[Session], object], remove: Callable[[], None]) -> None:
    """Have something removed while the transaction that makes something is not over."""
    thread = Thread(target=remove)
    with context.database.writing() as session:
        make(session)
        session.flush()
        thread.start()
        until_it_waits(context.database, thread)
    thread.join()


def test_a_job_that_is_being_made_of_a_revision_stays(context: Context) -> None:
    old, ada = over(context, days_ago=9), owner(context)
    made: list[Job] = []

    def make(session: Session) -> None:
        job = session.get_one(Job, old)
        digest = session.get_one(Revision, job.revision_id).tree_digest
        revision = keep_revision(session, session.get_one(Project, job.project_id), digest)
        names = ("project_id", "user_id", "job_type", "toolchain", "config", "max_seconds")
        same = {name: getattr(job, name) for name in names}
        made.append(Job(**same, revision_id=revision.id))
        session.add(made[0])

    beside(context, make, lambda: delete_job(context, ada, old))
    assert not is_there(context, old)
    assert is_there(context, made[0].id)


@pytest.mark.parametrize("rule", ["keep_files_days", "keep_jobs_days", "keep_steps_days"])
def test_steps_stay_that_a_job_which_is_being_made_begins_with(
    keeping: Callable[..., Context], monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    context = keeping(**{rule: 1})
    old = over(context, days_ago=9)
    add, thread = add_job, Thread(target=lambda: retire(context))

    def add_slowly(session: Session, job: Job, *words: object) -> None:
        add(session, job, *words)  # type: ignore[arg-type]  # handed on as they came
        thread.start()
        until_it_waits(context.database, thread)

    monkeypatch.setattr(again, "add_job", add_slowly)
    new = again._again(context, owner(context), old, {"continues": old})
    thread.join()
    assert job_of(context.database, new.id).continues == old
    with context.database.reading() as session:
        assert kept_steps(session, old) is not None


def test_steps_that_went_after_the_look_are_told(keeping: Callable[..., Context]) -> None:
    context = keeping(keep_steps_days=1)
    old = over(context, days_ago=9)
    assert retire(context).steps == 1
    with pytest.raises(ConflictError, match="no finished steps"):
        again._again(context, owner(context), old, {"continues": old})


def test_a_job_that_is_being_deleted_is_not_run_again(context: Context) -> None:
    old, ada = over(context, days_ago=9), owner(context)
    told: list[object] = []

    def try_again() -> None:
        with pytest.raises(NotFoundError) as error:
            again.retry(context, ada, old)
        told.append(error.value.detail)

    beside(context, lambda session: retention._delete(session, old), try_again)
    assert told == [f"There is no job {old}."]
