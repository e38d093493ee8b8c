"""How the system stands, for administrators; and what is said while parts of it are away."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.db.engine import Database
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.jobs.presence import Reporter
from app.models import Job, User
from tests.api.conftest import MakeClient
from tests.api.problems import assert_problem
from tests.jobs.factories import claim_job, make_job


@pytest.fixture
def admin(log_in: MakeClient, context: Context) -> TestClient:
    client = log_in("root")
    with context.database.writing() as session:
        session.execute(update(User).where(User.username == "root").values(is_admin=True))
    return client


def test_queues_workers_and_broker(admin: TestClient, context: Context) -> None:
    make_job(context.database)
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    system = admin.get("/api/v1/system").json()
    waiting = {queue["name"]: queue["waiting"] for queue in system["queues"]}
    assert waiting == {"build": 0, "simulation": 1}
    assert [(w["name"], w["is_there"]) for w in system["workers"]] == [("host:1", True)]
    assert system["broker"] is None  # the tests' broker is away


def test_the_page_says_the_same(admin: TestClient, context: Context) -> None:
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    token = admin.headers["Authorization"].removeprefix("Bearer ")
    admin.cookies.set("a6hub_session", token)
    page = admin.get("/system")
    assert page.status_code == 200
    assert "host:1" in page.text
    assert "Redis does not answer" in page.text


def test_others_may_not_look(client: TestClient) -> None:
    problem = assert_problem(client.get("/api/v1/system"), 403)
    assert "administrators" in problem["detail"]


def test_while_the_database_is_away_all_is_a_503(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Database) -> None:
        raise OperationalError("SELECT 1", {}, Exception("injected"))

    monkeypatch.setattr(Database, "reading", away)
    answer = client.get("/api/v1/jobs")
    assert "injected" not in assert_problem(answer, 503)["detail"]
    assert answer.headers["Retry-After"] == "2"


def test_operators_hold_jobs_back(admin: TestClient, context: Context) -> None:
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    url = "/api/v1/system"
    assert admin.put(f"{url}/maintenance", json={"words": "New disks."}).status_code == 204
    assert_problem(admin.put(f"{url}/maintenance", json={}), 409)
    assert admin.get(url).json()["maintenance"] == "New disks."
    for _ in range(2):
        assert admin.put(f"{url}/workers/host:1/drain").status_code == 204
    assert admin.get(url).json()["workers"][0]["is_draining"] is True
    assert "host:1" in assert_problem(admin.put(f"{url}/workers/none/drain"), 404)["detail"]
    assert_problem(admin.delete(f"{url}/workers/a%00b/drain"), 404)
    for path in ("/maintenance", "/workers/host:1/drain"):
        assert admin.delete(url + path).status_code == 204
        assert_problem(admin.delete(url + path), 409)


def test_users_hold_nothing_back(client: TestClient, anonymous: TestClient) -> None:
    for path in ("maintenance", "workers/host:1/drain"):
        for who, status in ((client, 403), (anonymous, 401)):
            assert_problem(who.put(f"/api/v1/system/{path}", json={}), status)
            assert_problem(who.delete(f"/api/v1/system/{path}"), status)


def test_who_does_what_and_what_is_kept(admin: TestClient, context: Context) -> None:
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    job = make_job(context.database)
    claim_job(context.database, job, "host:1/7")
    with context.database.writing() as session:
        session.get_one(Job, job).pinned = True
    system = admin.get("/api/v1/system").json()
    assert system["workers"][0]["jobs"] == [job]
    assert system["retention"]["pinned_jobs"] == 1
    assert (system["retention"]["steps_days"], system["retention"]["files_days"]) == (14, None)
