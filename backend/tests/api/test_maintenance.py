"""Maintenance over HTTP: no job is taken, all can be looked at, pages say so."""

import pytest
from fastapi.testclient import TestClient

from app.api.deps import SESSION_COOKIE
from app.jobs.context import Context
from app.jobs.holds import begin_maintenance, end_maintenance
from tests.api.conftest import make_login
from tests.api.problems import assert_problem

WORDS = "New disks <b>until</b> 18:00."


@pytest.fixture
def job(client: TestClient, project: int) -> int:
    body = {"config": {"top": "tb"}}
    answer = client.post(f"/api/v1/simulations/{project}/simulation", json=body)
    return int(answer.json()["id"])


@pytest.mark.parametrize("kind", ["build", "simulation"])
def test_no_job_is_taken(client: TestClient, project: int, context: Context, kind: str) -> None:
    begin_maintenance(context.database, WORDS)
    answer = client.post(f"/api/v1/{kind}s/{project}/{kind}", json={"config": {"top": "tb"}})
    problem = assert_problem(answer, 503)
    assert WORDS in problem["detail"]
    assert answer.headers["Retry-After"] == "60"
    assert client.get("/api/v1/jobs").json() == []


def test_none_is_run_again(client: TestClient, job: int, context: Context) -> None:
    assert client.post(f"/api/v1/jobs/{job}/cancel").is_success
    begin_maintenance(context.database, WORDS)
    assert_problem(client.post(f"/api/v1/jobs/{job}/retry"), 503)
    end_maintenance(context.database)
    assert client.post(f"/api/v1/jobs/{job}/retry").is_success


def test_all_can_be_looked_at(client: TestClient, job: int, context: Context) -> None:
    begin_maintenance(context.database, WORDS)
    assert client.get(f"/api/v1/jobs/{job}").json()["status"] == "pending"


def test_pages_say_so(anonymous: TestClient, context: Context) -> None:
    token = make_login(context.database, "ada")
    browser = TestClient(anonymous.app, cookies={SESSION_COOKIE: token})
    assert "Maintenance" not in browser.get("/").text
    begin_maintenance(context.database, WORDS)
    for page in ("/", "/login"):
        text = browser.get(page).text
        assert "Maintenance." in text
        assert "New disks &lt;b&gt;until" in text
