"""The operator's commands, as they are called."""

import socket
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from app.cli.docker_filter import _listening
from app.core.clock import utcnow
from app.core.settings import Settings
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.jobs.presence import Reporter
from app.models import Job, JobStatus, User
from app.storage.blobs import blob_key, digest_of, put_blob
from app.storage.trees import TreeFile, put_tree
from tests.api.conftest import make_login
from tests.cli.calling import call, cli
from tests.conftest import NOBODY
from tests.jobs.factories import claim_job, make_job, status_of
from tests.system.server import served

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def job(context: Context) -> int:
    digest = put_blob(context.store, b"module tb; endmodule")
    return make_job(
        context.database, tree_digest=put_tree(context.store, {"tb.v": TreeFile(digest, 20)})
    )


@pytest.mark.parametrize("name", ["backups", "backup.tar"])
def test_back_up_check_and_restore(context: Context, job: int, tmp_path: Path, name: str) -> None:
    place = str(tmp_path / name)
    done = cli(context.settings, "backup", place)
    assert (done.returncode, done.stderr) == (0, "")
    assert "backed up: the database and 2 objects" in done.stdout
    assert "✓ whole" in cli(context.settings, "restore", place, "--check").stdout
    refused = cli(context.settings, "restore", place)
    assert refused.returncode == 1
    assert "Only an empty a6hub is restored" in refused.stderr
    elsewhere = Settings(data_dir=tmp_path / "elsewhere")
    elsewhere.data_dir.mkdir()
    done = cli(elsewhere, "restore", place)
    assert (done.returncode, done.stderr) == (0, "")
    restored = Context.open(elsewhere.model_copy(update={"celery_broker_url": NOBODY}))
    assert status_of(restored.database, job) is JobStatus.PENDING
    restored.close()


def test_what_is_not_whole_is_told(context: Context, job: int, tmp_path: Path) -> None:
    context.store.delete(blob_key(digest_of(b"module tb; endmodule")))
    done = cli(context.settings, "backup", str(tmp_path / "backups"))
    assert done.returncode == 1
    assert "LOST in the store" in done.stderr
    nothing = cli(context.settings, "restore", str(tmp_path / "nothing"))
    assert (nothing.returncode, (tmp_path / "nothing").exists()) == (1, False)
    (tmp_path / "cut.tar").write_bytes(b"x" * 700)
    cut = cli(context.settings, "restore", str(tmp_path / "cut.tar"))
    assert cut.returncode == 1
    assert "cannot be used" in cut.stderr


def test_old_backups_are_pruned(context: Context, job: int, tmp_path: Path) -> None:
    place = str(tmp_path / "backups")
    assert cli(context.settings, "backup", place).returncode == 0
    wanted = ("--daily", "1", "--weekly", "0")
    done = cli(context.settings, "prune-backups", place, *wanted)
    assert (done.returncode, done.stderr) == (0, "")
    assert "removed: no backup" in done.stdout
    (tmp_path / "backups" / "mine").touch()
    for folder, words in ((place, "it holds mine"), (f"{place}2", "There is no folder")):
        refused = cli(context.settings, "prune-backups", folder, *wanted)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
    assert not Path(f"{place}2").exists()


def test_pin_and_delete(context: Context, job: int, monkeypatch: pytest.MonkeyPatch) -> None:
    token = make_login(context.database, "ada")
    with context.database.writing() as session:
        session.execute(update(User).values(is_admin=True))
        session.get_one(Job, job).status = JobStatus.COMPLETED
        session.get_one(Job, job).ended_at = utcnow()
    with served(context.settings) as address:
        monkeypatch.setenv("A6HUB_URL", address)
        monkeypatch.setenv("A6HUB_TOKEN", token)
        assert "pinned" in cli(context.settings, "pin", str(job)).stdout
        refused = cli(context.settings, "delete", str(job))
        assert (refused.returncode, "unpin it first" in refused.stderr) == (1, True)
        assert cli(context.settings, "pin", str(job), "--undo").returncode == 0
        assert "deleted" in cli(context.settings, "delete", str(job)).stdout
    with context.database.reading() as session:
        assert session.get(Job, job) is None


def test_maintenance(context: Context) -> None:
    assert cli(context.settings, "maintenance", "off").returncode == 1
    assert cli(context.settings, "maintenance", "on", "New disks.").returncode == 0
    assert "New disks." in cli(context.settings, "maintenance", "status").stdout
    assert cli(context.settings, "maintenance", "off").returncode == 0
    assert cli(context.settings, "maintenance", "status").stdout == "off\n"


def test_drain_and_requeue(context: Context, job: int) -> None:
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    claim_job(context.database, job, "host:1/7")
    assert cli(context.settings, "drain", "host:1").returncode == 0
    listed = cli(context.settings, "workers").stdout
    assert listed == f"host:1  there, draining, scripted, jobs: {job}\n"
    assert cli(context.settings, "drain", "host:1", "--undo").returncode == 0
    assert "host:1/7" in cli(context.settings, "requeue", str(job)).stdout
    assert status_of(context.database, job) is JobStatus.PENDING
    assert cli(context.settings, "requeue", str(job)).returncode == 1


@pytest.mark.parametrize("words", [["users", "list"], ["sweep"], ["requeue", "1"]], ids=" ".join)
def test_a_database_that_is_away_is_told_in_a_line(
    context: Context, tmp_path: Path, words: list[str]
) -> None:
    away = "postgresql://a6hub:sesame@127.0.0.1:1/a6hub"
    done = cli(Settings(data_dir=tmp_path, database_url=away), *words)
    assert done.returncode == 1
    assert done.stderr.startswith("database: ")
    assert "./a6hub doctor" in done.stderr
    assert not any(word in done.stderr for word in ("Traceback", "sesame"))


def test_a_database_without_tables_is_told_in_a_line(context: Context, tmp_path: Path) -> None:
    done = cli(Settings(data_dir=tmp_path / "new"), "users", "list")
    assert (done.returncode, done.stderr.count("\n")) == (1, 2)
    assert "./a6hub migrate" in done.stderr


@pytest.mark.parametrize("url", ["mysql://a6hub:sesame@db/a6hub", "db.sqlite3"])
def test_a_database_of_another_kind_is_refused(
    context: Context, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("A6HUB_DATABASE_URL", url)
    done = call({"CELERY_BROKER_URL": NOBODY}, "users", "list")
    assert done.returncode == 1
    assert "A6HUB_DATABASE_URL must begin with" in done.stderr
    assert not any(word in done.stderr for word in ("Traceback", "sesame"))


def test_a_store_that_is_away_is_told(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("ENDPOINT", "http://127.0.0.1:1"),
        ("ACCESS_KEY", "a"),
        ("SECRET_KEY", "b"),
    ):
        monkeypatch.setenv(f"S3_{name}", value)
    done = cli(context.settings.model_copy(update={"store_url": "s3://a6hub"}), "sweep")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2].startswith("store: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["backup", "/proc/none"], ["backup", "/proc/none/x.tar"]])
def test_a_place_that_cannot_be_written_is_told(context: Context, words: list[str]) -> None:
    done = cli(context.settings, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("/proc/none")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["users", "list"], ["doctor"], ["worker"]])
def test_settings_that_cannot_be_are_told_without_what_is_secret(
    context: Context, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("A6HUB_ADMIN_PASSWORD", "open-sesame")
    monkeypatch.setenv("A6HUB_HEARTBEAT_SECONDS", "10000")
    done = cli(context.settings, *words)
    assert done.returncode == 1
    assert "A6HUB_HEARTBEAT_SECONDS must be at most half" in done.stdout + done.stderr
    assert not any(word in done.stdout + done.stderr for word in ("Traceback", "sesame", "Value("))
    assert "pydantic" not in done.stderr


def test_a_filter_that_cannot_start_removes_nothing(context: Context, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("mine")
    done = cli(context.settings, "docker-filter", str(notes), "--engine", str(tmp_path / "none"))
    assert done.returncode == 1
    assert notes.read_text() == "mine"


@pytest.mark.parametrize("name", ["notes", "engine"])
def test_a_filter_takes_no_name_of_others(context: Context, tmp_path: Path, name: str) -> None:
    (tmp_path / "notes").write_text("mine")
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(tmp_path / "engine"))
        allowed: Any = None  # it does not come to that
        with (
            pytest.raises(FileExistsError, match="name a new one"),
            _listening(tmp_path / name, tmp_path / "engine", allowed),
        ):
            pass
    assert (tmp_path / name).exists()
