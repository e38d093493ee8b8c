"""Several upgrades at once on an empty database: real processes, both kinds of database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select

from app.accounts.users import log_in
from app.cli.stack import ADMIN, BACKEND
from app.db.engine import Database
from app.db.migrate import is_current
from app.models import User
from tests.servers import PostgreSQL

AT_ONCE = 3
PASSWORD = "of the first user"


def migrate(url: str, folder: Path, **settings: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "A6HUB_DATABASE_URL": url, "A6HUB_DATA_DIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "migrate"],
        cwd=BACKEND,
        env={**environment, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outcome(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    output, errors = process.communicate()
    return process.returncode, output, errors


def test_several_at_once_migrate_once(empty: str, tmp_path: Path) -> None:
    started = [migrate(empty, tmp_path) for _ in range(AT_ONCE)]
    expected = (0, "The database has the newest schema.\n", "")
    assert [outcome(one) for one in started] == [expected] * AT_ONCE
    database = Database(empty)
    assert is_current(database)
    assert "jobs" in inspect(database.engine).get_table_names()
    database.close()


def test_the_first_user_is_made_once_and_gets_a_new_password(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    url = f"sqlite:///{folder}/a6hub.sqlite3"
    for password in ("an old one", PASSWORD):
        assert outcome(migrate(url, folder, A6HUB_ADMIN_PASSWORD=password))[0] == 0
    assert folder.stat().st_mode & 0o077 == 0  # others have no business with passwords' hashes
    database = Database(url)
    assert log_in(database, ADMIN, PASSWORD, 60, "").token
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
    database.close()


def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    code, _, errors = outcome(migrate("postgresql://nobody@127.0.0.1:1/a6hub", tmp_path))
    assert code == 1
    assert "Connection refused" in errors
    assert "Traceback" not in errors


@pytest.mark.system
def test_a_database_without_an_encoding_does(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """What a cluster has that was made where no language was set."""
    options = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    postgresql.execute(f"CREATE DATABASE plain {options}")
    try:
        status, said, errors = outcome(migrate(postgresql.at("plain"), tmp_path))
        assert (status, errors) == (0, ""), said
    finally:
        postgresql.execute("DROP DATABASE plain WITH (FORCE)")
