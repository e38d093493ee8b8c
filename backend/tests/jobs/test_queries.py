"""What lists of jobs cost: pages ask for them again every few seconds."""

import pytest
from sqlalchemy import event

from app.db.engine import Database
from app.jobs.queries import JobFilter, list_jobs
from app.models import JobStatus
from tests.jobs.factories import make_user


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("is_admin", [True, False])
@pytest.mark.parametrize("status", [None, JobStatus.COMPLETED])
def test_the_newest_jobs_are_found_without_sorting_all(
    database: Database, is_admin: bool, status: JobStatus | None
) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _, __, statement, parameters, *___: asked.append((statement, parameters)),
    )
    user = make_user(database)
    user.is_admin = is_admin
    with database.reading() as session:
        list_jobs(session, user, JobFilter(status=status))
        statement, parameters = asked[-1]
        explained = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", parameters
        )
        plan = [row[3] for row in explained]
    assert any("jobs" in part for part in plan)
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan
