"""An upgrade keeps what there is, and what worked before works during it and after."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, select, text

from app.accounts.users import user_of_token
from app.core.settings import Settings
from app.db import migrate
from app.db.base import Base
from app.db.engine import Database
from app.db.migrate import fits, is_current, upgrade
from app.jobs.claims import Claim
from app.jobs.outcomes import Ending
from app.jobs.states import claim, finish
from app.models import Attempt, Job, JobStatus, Priority
from tests.db.old import DONE, FIRST, RUNNING, TOKEN, WAITING, as_before, fill, rows_of, tables_of
from tests.jobs.factories import claim_job, job_of, status_of

#: From here on an upgrade only adds (docs/upgrade.md).
SINCE = "0009"
#: What an upgrade makes anew: rows of it follow from others.
REMADE = {"outbox"}


@pytest.fixture
def settings(empty: str, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, database_url=empty)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database)
    yield opened
    opened.close()


def schemas() -> list[str]:
    """Return all schemas, the oldest first."""
    scripts = ScriptDirectory(str(migrate._MIGRATIONS)).walk_revisions()
    return [script.revision for script in scripts][::-1]


def test_what_there_is_stays(settings: Settings, database: Database) -> None:
    upgrade(settings, FIRST)
    fill(database, "0" * 64, "1" * 64)
    before = rows_of(database)
    for schema in schemas():
        upgrade(settings, schema)
    after = as_before(rows_of(database), before)
    for name in before.keys() - REMADE:
        assert after[name] == before[name], name
    assert [row["job_id"] for row in after["outbox"]] == [WAITING]
    assert is_current(database)


def test_old_rows_can_be_worked_with(settings: Settings, database: Database) -> None:
    upgrade(settings, FIRST)
    fill(database, "0" * 64, "1" * 64)
    upgrade(settings)
    with database.writing() as session:
        assert user_of_token(session, TOKEN).username == "ada"
        assert finish(session, Claim(RUNNING, 2), Ending(JobStatus.COMPLETED, "Good."))
    claim_job(database, WAITING)
    assert [status_of(database, job) for job in (DONE, WAITING, RUNNING)] == [
        *(JobStatus.COMPLETED, JobStatus.RUNNING, JobStatus.COMPLETED)
    ]
    old = job_of(database, DONE)
    assert (old.priority, old.details, old.pinned) == (Priority.NORMAL, {}, False)


def test_the_schema_is_what_the_models_say(settings: Settings, database: Database) -> None:
    upgrade(settings)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("schema", schemas()[schemas().index(SINCE) :])
def test_an_upgrade_only_adds(settings: Settings, database: Database, schema: str) -> None:
    """So that processes of the version before go on with the new schema."""
    upgrade(settings, schema)
    before = tables_of(database).tables
    upgrade(settings)
    after = tables_of(database).tables
    for name, table in before.items():
        assert narrowed(table, after[name]) == []


def narrowed(before: Table, after: Table) -> list[str]:
    """Return the columns that are gone or other, or that who does not know them cannot leave out."""
    lost = [
        column.name
        for column in before.columns
        if column.name not in after.columns
        or repr(after.columns[column.name].type) != repr(column.type)
        or (column.nullable and not after.columns[column.name].nullable)
    ]
    new = [column for column in after.columns if column.name not in before.columns]
    return lost + [one.name for one in new if not one.nullable and one.server_default is None]


class OldProcess:
    """Submits and claims, again and again, as one that knows the schema SINCE and no other."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tables = tables_of(database).tables
        self._stopping = Event()
        self._first = Event()
        self._thread = Thread(target=self._work)
        self._error: Exception | None = None
        self.claimed: list[Claim] = []

    def __enter__(self) -> "OldProcess":
        self._thread.start()
        assert self._first.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            while not self._stopping.is_set():
                self._submit_and_claim()
            self._submit_and_claim()  # once more, when the upgrade is over
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            self._error = error
        finally:
            self._first.set()

    def _submit_and_claim(self) -> None:
        with self._database.writing() as session:
            jobs, outbox = self._tables["jobs"], self._tables["outbox"]
            old = session.execute(select(jobs).where(jobs.c.id == WAITING)).mappings().one()
            row: dict[str, Any] = {**old, "status": "pending", "attempt": 0}
            del row["id"]
            job_id = session.execute(jobs.insert().returning(jobs.c.id), row).scalar_one()
            place = {"queue": "simulation", "user_id": 1, "priority": 1}
            row = {"job_id": job_id, **place, "created_at": old["created_at"]}
            session.execute(outbox.insert(), row)
        with self._database.writing() as session:
            mine = claim(session, job_id, "old:1/2", 30)
        assert mine is not None
        self.claimed.append(mine)
        self._first.set()


def test_old_processes_work_on_during_an_upgrade(settings: Settings, database: Database) -> None:
    upgrade(settings, FIRST)
    fill(database, "0" * 64, "1" * 64)
    upgrade(settings, SINCE)
    with OldProcess(database) as process:
        upgrade(settings)
        before = len(process.claimed)
    assert len(process.claimed) > before > 0
    assert len({one.job_id for one in process.claimed}) == len(process.claimed)
    with database.writing() as session:
        for mine in process.claimed:
            assert finish(session, mine, Ending(JobStatus.COMPLETED, "Good."))
        made = select(Attempt.job_id).join(Job).where(Job.id > RUNNING)
        assert sorted(session.scalars(made)) == sorted(one.job_id for one in process.claimed)


@pytest.mark.parametrize(("schema", "well"), [("9999", True), ("0001", False), (None, True)])
def test_who_may_work_with_a_schema(
    settings: Settings, database: Database, schema: str | None, well: bool
) -> None:
    assert not fits(database)  # there is none
    upgrade(settings)
    if schema is not None:
        with database.writing() as session:
            words = text("UPDATE alembic_version SET version_num = :schema")
            session.execute(words, {"schema": schema})
    assert fits(database) is well
