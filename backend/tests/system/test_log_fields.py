"""Lines of the log as machines read them: whose request, whose job, which attempt."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.core.settings import Settings
from app.models import JobStatus
from tests.system.lab import SHORT, Lab
from tests.system.server import api
from tests.system.workers import PATIENCE, worker

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
Lines = Sequence[dict[str, Any]]


def _lines(log: Path) -> Lines:
    """Return what was written; a line that is no JSON is an error."""
    return [json.loads(line) for line in log.read_text().splitlines()]


def _named(lines: Lines, event: str) -> dict[str, Any]:
    return next(line for line in lines if line["event"] == event)


def test_all_that_an_api_writes(
    lab: Lab, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A6HUB_LOG_JSON", "1")
    headers = {"Authorization": f"Bearer {lab.log_in()}", "X-Request-ID": "of-the-test"}
    with api(settings, tmp_path / "log") as (_, url):
        httpx2.get(
            f"{url}/api/v1/projects/{lab.project.id}",
            headers=headers,
            trust_env=False,
            timeout=PATIENCE,
        )
        httpx2.get(
            f"{url}/api/v1/projects",
            headers={"X-Request-ID": "of-nobody"},
            trust_env=False,
            timeout=PATIENCE,
        )
    lines = _lines(tmp_path / "log")
    assert {"timestamp", "level", "logger", "event"} <= set.intersection(*map(set, lines))
    asked, refused = (line for line in lines if line["event"] == "request")
    assert asked["user"] == lab.user.id
    assert (asked["request"], asked["method"], asked["status"]) == ("of-the-test", "GET", 200)
    assert asked["route"] == "/api/v1/projects/{project_id}"
    assert (refused["request"], refused["status"]) == ("of-nobody", 401)
    assert "user" not in refused


def test_each_line_of_an_attempt(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    with worker(settings, tmp_path / "log", A6HUB_LOG_JSON="1"):
        job_id = lab.simulate(SHORT)
        lab.wait_for(job_id, JobStatus.COMPLETED)
    # Celery greets on standard output, which is the same file here.
    text = [line for line in (tmp_path / "log").read_text().splitlines() if line[:1] == "{"]
    lines = [json.loads(line) for line in text]
    ids = {"job": job_id, "attempt": 1, "user": lab.user.id}
    for event in ("attempt begins", "attempt ends"):
        assert {name: _named(lines, event)[name] for name in ids} == ids
    after = [line for line in lines if line["logger"].startswith("celery.worker")]
    assert after
    assert not [line for line in after if "job" in line]
