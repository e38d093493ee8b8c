"""What is asked of the database again and again costs no more for many jobs."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from app.db.engine import Database
from app.jobs.context import Context
from app.jobs.outcomes import Ending
from app.jobs.queries import JobFilter, list_jobs
from app.jobs.retention import count_pinned, delete_job
from app.jobs.states import finish
from app.models import JobStatus
from tests.jobs.factories import claim_job, make_job, make_user

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def plans(database: Database, do: Callable[[], object]) -> list[list[str]]:
    """Return how SQLite goes about each statement of `do`."""
    asked: list[tuple[str, Any]] = []

    def note(_: Connection, __: object, statement: str, parameters: Any, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    do()
    event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.connect() as connection:
        return [
            [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", values)]
            for one, values in asked
        ]


@ON_SQLITE
@pytest.mark.parametrize("is_admin", [True, False])
@pytest.mark.parametrize("status", [None, JobStatus.COMPLETED])
def test_the_newest_jobs_are_found_without_sorting_all(
    database: Database, is_admin: bool, status: JobStatus | None
) -> None:
    user = make_user(database)
    user.is_admin = is_admin
    with database.reading() as session:
        plan = plans(database, lambda: list_jobs(session, user, JobFilter(status=status)))[-1]
    assert any("jobs" in part for part in plan)
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan


@ON_SQLITE
def test_pinned_jobs_are_counted_without_looking_at_others(database: Database) -> None:
    with database.reading() as session:
        plan = plans(database, lambda: count_pinned(session))[-1]
    assert [part for part in plan if "ix_jobs_pinned" in part]


@ON_SQLITE
def test_a_job_is_deleted_without_looking_at_all_others(context: Context) -> None:
    job_id, user = make_job(context.database), make_user(context.database, "root")
    user.is_admin = True
    mine = claim_job(context.database, job_id)
    with context.database.writing() as session:
        finish(session, mine, Ending(JobStatus.COMPLETED, "Good."))
    found = plans(context.database, lambda: delete_job(context, user, job_id))
    parts = [part for plan in found for part in plan]
    assert [part for part in parts if "ix_jobs_revision_id" in part]
    assert not [part for part in parts if part.startswith("SCAN")]
