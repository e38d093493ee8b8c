"""What `doctor` finds in folders, secrets and databases."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from app.cli import doctor_database
from app.cli.doctor_database import look_at_database
from app.cli.doctor_machine import look_at_files, look_at_tools
from app.cli.finding import Finding
from app.core.clock import utcnow
from app.core.settings import Settings
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.jobs.duties import Duty, elect
from app.jobs.holds import begin_maintenance
from app.jobs.presence import Reporter
from app.jobs.tallies import note_backup
from app.models import OutboxMessage, UpkeepLease, User, WorkerReport
from tests.jobs.factories import claim_job, make_job
from tests.system.workers import BACKEND


def bad(findings: list[Finding]) -> list[str]:
    assert all(bool(one.advice) != one.well for one in findings), findings
    return [one.name for one in findings if not one.well]


@pytest.fixture(autouse=True)
def _upkeep(request: pytest.FixtureRequest) -> None:
    """Have somebody do the upkeep where there is a database."""
    if "context" in request.fixturenames:
        database = request.getfixturevalue("context").database
        assert elect(database, Duty.UPKEEP, "host-1", 60)


def test_all_is_well(context: Context) -> None:
    found = list(look_at_database(context.settings))
    assert bad(found) == []
    dialect = context.database.engine.dialect.name
    assert found[0].words.startswith(dialect)
    names = ["database age", "database", "database use", "clock", "upkeep", "messages", "backup"]
    assert [one.name for one in found[1:] if one.name != "connections"] == names


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/a6hub.sqlite3"
    assert bad(list(look_at_database(Settings(database_url=url)))) == ["database version"]


def test_an_old_schema(context: Context) -> None:
    with context.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert bad(list(look_at_database(context.settings))) == ["database"]


def test_a_schema_of_a_newer_a6hub(context: Context) -> None:
    with context.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    [finding] = [one for one in look_at_database(context.settings) if one.name == "database"]
    assert not finding.well
    assert "newer" in finding.words


def test_nobody_does_the_upkeep(context: Context) -> None:
    with context.database.writing() as session:
        session.execute(update(UpkeepLease).values(until=utcnow() - timedelta(seconds=1)))
    assert bad(list(look_at_database(context.settings))) == ["upkeep"]


def test_backups_that_are_not_made_any_more(context: Context) -> None:
    note_backup(context.database, utcnow())
    assert bad(list(look_at_database(context.settings))) == []
    note_backup(context.database, utcnow() - timedelta(days=9))
    assert bad(list(look_at_database(context.settings))) == ["backup"]


def test_jobs_of_which_no_worker_is_told(context: Context) -> None:
    job = make_job(context.database)
    assert bad(list(look_at_database(context.settings))) == []
    with context.database.writing() as session:
        message = session.get_one(OutboxMessage, job)
        message.created_at = utcnow() - timedelta(minutes=2)
        user = session.get_one(User, message.user_id)
    assert bad(list(look_at_database(context.settings))) == ["messages"]
    claim_job(context.database, make_job(context.database, user=user))
    assert bad(list(look_at_database(context.settings))) == []  # others of theirs may wait


@pytest.mark.system
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_without_connections_left(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    with context.database.reading() as session:
        most = int(session.scalar(text("SHOW max_connections")) or 0)
    held = [context.database.engine.raw_connection() for _ in range(3)]
    monkeypatch.setattr(doctor_database, "FULL", 3 / most)
    assert bad(list(look_at_database(context.settings))) == ["connections"]
    for one in held:
        one.close()


def test_a_database_that_is_too_old(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_database, "OLDEST", {"sqlite": (99,), "postgresql": (99,)})
    assert bad(list(look_at_database(context.settings))) == ["database age"]


def test_a_clock_that_is_wrong(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    now = utcnow()
    monkeypatch.setattr(doctor_database, "utcnow", lambda: now - timedelta(days=365))
    [clock] = [one for one in look_at_database(context.settings) if one.name == "clock"]
    assert not clock.well
    assert "s from the database's" in clock.words


def test_maintenance_and_workers_of_another_version(context: Context) -> None:
    begin_maintenance(context.database, "New disks.")
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    with context.database.writing() as session:
        session.execute(update(WorkerReport).values(version="0.0.1"))
    found = {one.name: one for one in look_at_database(context.settings)}
    assert found["maintenance"].well
    assert "host:1 (0.0.1)" in found["versions"].words


@pytest.mark.parametrize(("host", "well"), [("localhost", False), ("redis", True)])
def test_redis_need_not_be_installed_where_it_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, well: bool
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # where there is no program
    found = {one.name: one for one in look_at_tools(Settings(redis_host=host))}
    assert found["redis-server"].well is well
    assert not found["iverilog"].well


def test_secrets_that_others_may_read(tmp_path: Path) -> None:
    secret = tmp_path / "secrets" / "redis"
    secret.parent.mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    secret.touch(mode=0o600)
    settings = Settings(data_dir=tmp_path)
    assert "secrets" not in bad(list(look_at_files(settings)))
    secret.chmod(0o644)
    [found] = [one for one in look_at_files(settings) if one.name == "secrets"]
    assert (str(secret) in found.words, found.well) == (True, False)
    secret.parent.chmod(0o700)
    assert "secrets" not in bad(list(look_at_files(settings)))


def test_for_programs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.cli", "doctor", "--json", "--data", str(tmp_path)]
    environment = {**os.environ, "A6HUB_EXECUTOR": "none such"}
    done = subprocess.run(
        command, cwd=BACKEND, env=environment, capture_output=True, text=True, check=False
    )
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 1
    assert found["a6hub"]["well"]
    assert "A6HUB_EXECUTOR" in found["settings"]["words"]
