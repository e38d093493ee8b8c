"""`a6hub build`, as somebody at a terminal or a CI script calls it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.core.clock import utcnow
from app.core.security import new_token, token_digest
from app.jobs.offers import offered
from app.models import AccessToken, Job, JobStatus, ProjectFile, User
from tests.jobs.factories import job_of
from tests.replay.installation import Replay
from tests.system.lab import FAST, Lab
from tests.system.server import api
from tests.system.workers import BACKEND, wait_until, worker

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
CONFIG = {"DESIGN_NAME": "top", "CLOCK_PERIOD": 20}


class Terminal:
    """Where the command is called, with an account of its own."""

    def __init__(self, lab: Lab, url: str, folder: Path) -> None:
        self.lab = lab
        self.folder = folder
        self.environment = {"A6HUB_URL": url, "A6HUB_TOKEN": self._token()}
        folder.mkdir()
        self.write("config.json", json.dumps(CONFIG))
        self.write("rtl/top.v", "module top; endmodule\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def __call__(self, *words: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
        command = [sys.executable, "-m", "app.cli", "build", *words]
        plain = {name: of for name, of in os.environ.items() if not name.startswith("A6HUB_")}
        environment = {**plain, "PYTHONPATH": str(BACKEND), **(env or self.environment)}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def newest(self) -> Job:
        with self.lab.database.reading() as session:
            number = session.scalars(select(Job.id).order_by(Job.id.desc())).first()
        assert number is not None
        return job_of(self.lab.database, number)

    def files(self) -> set[str]:
        with self.lab.database.reading() as session:
            rows = session.scalars(
                select(ProjectFile.path).where(ProjectFile.project_id == self.newest().project_id)
            )
            return set(rows)

    def _token(self) -> str:
        token, ends = new_token(), utcnow() + timedelta(hours=1)
        with self.lab.database.writing() as session:
            user = User(username="at the terminal", password_hash="-")
            session.add(user)
            session.flush()
            session.add(AccessToken(user_id=user.id, digest=token_digest(token), expires_at=ends))
        return token


@pytest.fixture
def build(lab: Lab, replay: Replay, tmp_path: Path) -> Iterator[Terminal]:
    settings = lab.context.settings
    environment = FAST | replay.environment
    with (
        worker(settings, tmp_path / "log", **environment),
        api(settings, tmp_path / "api") as (_, url),
    ):
        wait_until(lambda: offered(lab.context) != [], "the worker has told what it has")
        yield Terminal(lab, url, tmp_path / "my chip")


def test_a_folder_becomes_a_layout(build: Terminal) -> None:
    status, said = build("-c", "CLOCK_PERIOD=12.5", "-c", "FP_CORE_UTIL=45", "--watch")
    assert status == 0, said
    assert "2 files sent: 2 added" in said
    assert "completed: Finished without violations." in said
    assert "✓ DRC errors                     0" in said
    job = build.newest()
    assert (job.status, job.verdict) == (JobStatus.COMPLETED, "clean")
    assert job.config["variables"] == {"CLOCK_PERIOD": 12.5, "FP_CORE_UTIL": 45}
    assert build.files() == {"config.json", "rtl/top.v"}


def test_a_second_build_sends_what_has_changed_and_can_begin_in_the_midst(
    build: Terminal, replay: Replay
) -> None:
    assert build("--watch")[0] == 0
    (build.folder / "rtl/top.v").unlink()
    build.write("rtl/new.v", "module top; endmodule\n")
    status, said = build(".", "--to", replay.steps[5], "--watch")
    assert "2 files sent: 1 added, 1 removed" in said
    assert status == 0, said
    first = build.newest()
    status, said = build("--from", replay.steps[4], "--to", replay.steps[10], "--watch")
    assert status == 0, said
    job = build.newest()
    assert (job.continues, job.project_id) == (first.id, first.project_id)
    assert job.config["to"] == replay.steps[10]


def test_without_watch_it_tells_where_to_look(build: Terminal) -> None:
    status, said = build()
    assert status == 0, said
    assert f"build {build.newest().id}: {build.environment['A6HUB_URL']}/jobs/" in said


_REFUSED = {
    "'CLOCK_PERIOD' is not of the form KEY=VALUE.": ["-c", "CLOCK_PERIOD"],
    "nowhere is no folder.": ["nowhere"],
    "PDK_ROOT is set by a6hub": ["-c", "PDK_ROOT=/etc"],
    "You have no project 'other'": ["--from", "Yosys.Synthesis", "--project", "other"],
    "CLOCK_PERIOD: 'NaN'": ["-c", "CLOCK_PERIOD=NaN"],
    "has had no build yet": ["--from", "Yosys.Synthesis"],
    "--flow cannot change after --from": ["--from", "Yosys.Synthesis", "--flow", "Offline"],
}


def test_what_cannot_be_done_is_told(build: Terminal) -> None:
    for expected, words in _REFUSED.items():
        status, said = build(*words)
        assert status == 1, said  # 2 would tell violations
        assert expected in said
        assert "Traceback" not in said


def test_who_names_no_server_is_told_how(build: Terminal, tmp_path: Path) -> None:
    status, said = build(env={"A6HUB_HOME": str(tmp_path)})
    assert status == 1
    assert "Set A6HUB_URL" in said
