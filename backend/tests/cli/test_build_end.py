"""What `./a6hub build --watch` says of a build that has ended."""

import io

import pytest
from rich.console import Console
from sqlalchemy import select

from app.cli.build import _watch
from app.cli.client import Client
from app.jobs.context import Context
from app.models import JobStatus, User
from tests.api.conftest import make_login
from tests.jobs.builds import Outcome, begin_build, end_build
from tests.system.server import served


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_why_it_failed_and_what_to_do(context: Context) -> None:
    token = make_login(context.database, "ada")
    with context.database.reading() as session:
        ada = session.scalars(select(User)).one()
    failure = {"step": "A.B", "name": "B", "message": "no clock", "hint": "Set CLOCK_PORT."}
    outcome = Outcome(JobStatus.FAILED, "failed", "B failed: no clock", {"failure": failure})
    job = end_build(context, begin_build(context, ada, []), outcome)
    said = io.StringIO()
    with served(context.settings) as address, Client(address, token) as client:
        assert _watch(client, job, Console(file=said)) == 1
    assert "failed: B failed: no clock\nWhat to do: Set CLOCK_PORT.\n" in said.getvalue()
