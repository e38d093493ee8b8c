"""Jobs over HTTP, with the broker away: the database is enough."""

import pytest
from fastapi.testclient import TestClient

from app.jobs.context import Context
from app.jobs.logs import segment_key
from app.jobs.outcomes import Ending
from app.jobs.patience import outages_met
from app.jobs.states import finish
from app.models import Artifact, Job, JobStatus, KeptStep, Metric, Step
from tests.api.conftest import MakeClient
from tests.api.problems import assert_problem
from tests.jobs.factories import claim_job


@pytest.fixture
def job(client: TestClient, project: int) -> int:
    answer = client.post(
        f"/api/v1/simulations/{project}/simulation", json={"config": {"top": "tb"}}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "pending"
    return int(answer.json()["id"])


@pytest.fixture
def ended_job(job: int, context: Context) -> int:
    """A job that was worked on and has log, steps, metrics and artifacts."""
    mine = claim_job(context.database, job)
    context.store.put(segment_key(job, 1, 0), "größe\n".encode())
    context.store.put("a/picture", b"\x89PNG")
    with context.database.writing() as session:
        finish(session, mine, Ending(JobStatus.COMPLETED, "Good.", verdict="passed"))
        session.add(Step(job_id=job, attempt=1, ordinal=1, step="run", name="Run", status="failed"))
        session.add(Metric(job_id=job, name="cells", value="12"))
        session.add(Metric(job_id=job, name="slack", value="inf"))
        for name in ("x.png", "x.html"):
            session.add(
                Artifact(
                    job_id=job,
                    attempt=1,
                    name=name,
                    kind="other",
                    size=4,
                    digest="0" * 64,
                    key="a/picture",
                )
            )
    return job


def test_a_job_is_shown_with_all_that_hangs_on_it(client: TestClient, ended_job: int) -> None:
    shown = client.get(f"/api/v1/jobs/{ended_job}").json()
    assert (shown["status"], shown["verdict"], shown["message"]) == ("completed", "passed", "Good.")
    assert shown["metrics"] == {"cells": 12, "slack": "Infinity"}
    assert [step["name"] for step in shown["steps"]] == ["Run"]
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["completed"]
    assert shown["config"]["top"] == "tb"


def test_the_status_route_that_scripts_poll(
    client: TestClient, project: int, ended_job: int
) -> None:
    status = client.get(f"/api/v1/simulations/{project}/simulation/status").json()
    assert status["job_id"] == ended_job
    assert status["status"] == "completed"
    assert status["logs"] == "größe\n"
    assert "current_step" in status
    assert_problem(client.get(f"/api/v1/builds/{project}/build/status"), 404)


def test_the_log_from_an_offset(client: TestClient, ended_job: int) -> None:
    answer = client.get(f"/api/v1/jobs/{ended_job}/log", params={"offset": 6})
    assert answer.content == b"e\n"
    assert answer.headers["x-next-offset"] == "8"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_following_an_ended_job(client: TestClient, ended_job: int) -> None:
    text = client.get(f"/api/v1/jobs/{ended_job}/log/follow").text
    assert [line for line in text.splitlines() if line.startswith(("event", "id"))] == [
        "event: job",
        "event: log",
        "id: 1:8",
        "event: end",
    ]
    resumed = client.get(f"/api/v1/jobs/{ended_job}/log/follow", headers={"Last-Event-ID": "1:6"})
    assert '"text":"e\\n"' in resumed.text.replace(" ", "")
    answer = client.get(f"/api/v1/jobs/{ended_job}/log/follow", headers={"Last-Event-ID": "x"})
    assert_problem(answer, 422, "header.last-event-id")


def test_artifacts_are_saved_and_only_pictures_shown(client: TestClient, ended_job: int) -> None:
    html, picture = client.get(f"/api/v1/jobs/{ended_job}/artifacts").json()
    saved, shown = client.get(html["url"]), client.get(picture["url"])
    assert saved.content == shown.content == b"\x89PNG"
    assert saved.headers["content-disposition"].startswith("attachment")
    assert saved.headers["content-type"] == "application/octet-stream"
    assert shown.headers["content-type"] == "image/png"
    for answer in (saved, shown):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


def test_artifacts_of_a_kind(client: TestClient, ended_job: int) -> None:
    url = f"/api/v1/jobs/{ended_job}/artifacts"
    assert len(client.get(url, params={"kind": "other"}).json()) == 2
    assert client.get(url, params={"kind": "gds"}).json() == []


def test_cancelling(client: TestClient, job: int, context: Context) -> None:
    assert client.post(f"/api/v1/jobs/{job}/cancel").json()["status"] == "cancelled"
    assert_problem(client.post(f"/api/v1/jobs/{job}/cancel"), 409)


def test_cancelling_a_running_job_asks_its_worker(
    client: TestClient, job: int, context: Context
) -> None:
    claim_job(context.database, job)
    answer = client.post(f"/api/v1/jobs/{job}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    assert client.get(f"/api/v1/jobs/{job}").json()["cancel_requested"]


def test_listing(client: TestClient, project: int, job: int) -> None:
    url = f"/api/v1/simulations/{project}/simulation"
    second = client.post(url, json={"config": {"top": "tb"}}).json()["id"]

    def ids(**params: str | int) -> list[int]:
        return [one["id"] for one in client.get("/api/v1/jobs", params=params).json()]

    assert ids() == [second, job]
    assert ids(limit=1) == [second]
    assert ids(before=second) == [job]
    assert ids(status="running") == ids(job_type="build") == ids(project_id=999) == []
    assert ids(status="pending", job_type="simulation", project_id=project) == [second, job]


def test_others_jobs_are_not_there(job: int, ended_job: int, log_in: MakeClient) -> None:
    bob = log_in("bob")
    assert bob.get("/api/v1/jobs").json() == []
    for path in ("", "/log", "/log/follow", "/artifacts", "/artifacts/1/content"):
        assert_problem(bob.get(f"/api/v1/jobs/{ended_job}{path}"), 404)
    assert_problem(bob.post(f"/api/v1/jobs/{ended_job}/cancel"), 404)


def test_an_empty_project_cannot_be_simulated(client: TestClient) -> None:
    project = client.post("/api/v1/projects", json={"name": "empty"}).json()["id"]
    answer = client.post(f"/api/v1/simulations/{project}/simulation")
    assert "has no files" in assert_problem(answer, 422)["detail"]


def test_a_project_with_a_waiting_job_is_not_deleted(
    client: TestClient, project: int, job: int
) -> None:
    assert_problem(client.delete(f"/api/v1/projects/{project}"), 409)
    client.post(f"/api/v1/jobs/{job}/cancel")
    assert client.delete(f"/api/v1/projects/{project}").status_code == 204
    assert_problem(client.get(f"/api/v1/jobs/{job}"), 404)


def test_health(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    before = outages_met["redis"]
    ready = client.get("/health/ready")
    assert outages_met["redis"] == before + 1
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "degraded",
        "database": "ok",
        "store": "ok",
        "redis": "unavailable",
    }


def test_an_ended_job_is_retried_from_the_same_revision(client: TestClient, ended_job: int) -> None:
    old = client.get(f"/api/v1/jobs/{ended_job}").json()
    answer = client.post(f"/api/v1/jobs/{ended_job}/retry")
    assert answer.status_code == 201
    new = client.get(f"/api/v1/jobs/{answer.json()['id']}").json()
    same = ("project_id", "revision_id", "job_type", "config", "priority", "max_seconds")
    assert {name: new[name] for name in same} == {name: old[name] for name in same}
    assert (new["retry_of"], new["status"]) == (ended_job, "pending")


def test_a_job_that_began_with_anothers_steps_does_so_again(
    client: TestClient, ended_job: int, project: int, context: Context
) -> None:
    url = f"/api/v1/simulations/{project}/simulation"
    first = client.post(url, json={"config": {"top": "tb"}}).json()["id"]
    with context.database.writing() as session:
        session.get_one(Job, ended_job).continues = first
    new = client.post(f"/api/v1/jobs/{ended_job}/retry").json()
    assert (new["retry_of"], new["continues"]) == (ended_job, first)


def test_a_waiting_job_is_not_retried(client: TestClient, job: int) -> None:
    answer = client.post(f"/api/v1/jobs/{job}/retry")
    assert "pending" in assert_problem(answer, 409)["detail"]


def test_others_jobs_cannot_be_retried(ended_job: int, log_in: MakeClient) -> None:
    assert log_in("eve").post(f"/api/v1/jobs/{ended_job}/retry").status_code == 404


def test_a_job_is_taken_while_redis_is_away(client: TestClient, project: int) -> None:
    """The tests' broker is an address where nobody listens."""
    answer = client.post(f"/api/v1/builds/{project}/build", json={"config": {"design_name": "tb"}})
    assert answer.status_code == 201
    assert answer.json()["status"] == "pending"


def test_a_job_without_kept_steps_cannot_be_gone_on_with(
    client: TestClient, ended_job: int
) -> None:
    answer = client.post(f"/api/v1/jobs/{ended_job}/restart", json={"from": "run"})
    assert_problem(answer, 409)
    assert "has no finished steps" in answer.json()["detail"]


def test_a_restart_that_came_to_nothing_is_no_end(
    client: TestClient, project: int, context: Context
) -> None:
    """It named a step that cannot be begun with, say; the next begins with the same steps."""
    body = {"config": {"design_name": "tb"}}
    first, second = (
        client.post(f"/api/v1/builds/{project}/build", json=body).json()["id"] for _ in range(2)
    )
    client.post(f"/api/v1/jobs/{second}/cancel")
    with context.database.writing() as session:
        job = session.get_one(Job, second)
        job.continues, job.config = first, {**job.config, "from": "Yosys.Synthesis"}
        kept = {"step": "A.One", "folder": "run/01", "tree_digest": "0" * 64}
        session.add(KeptStep(job_id=first, attempt=1, **kept))
    new = client.post(f"/api/v1/jobs/{second}/restart", json={})
    assert (new.status_code, new.json()["continues"]) == (201, first)
    with context.database.reading() as session:  # else what the second changed would not be done
        assert session.get_one(Job, new.json()["id"]).config["from"] == "Yosys.Synthesis"


def test_only_who_may_change_the_project_restarts_its_jobs(
    log_in: MakeClient, ended_job: int
) -> None:
    body = {"from": None, "to": None}
    answer = log_in("eve").post(f"/api/v1/jobs/{ended_job}/restart", json=body)
    assert_problem(answer, 404)


def test_a_new_build_begins_at_its_beginning(client: TestClient, project: int) -> None:
    config = {"DESIGN_NAME": "tb", "from": "Yosys.Synthesis"}
    answer = client.post(f"/api/v1/builds/{project}/build", json={"config": config})
    assert_problem(answer, 422, "body.config.from")


@pytest.mark.parametrize("body", [{"from": "a\0b"}, {"to": "x" * 201}, {"form": "x"}, {"from": 1}])
def test_a_restart_that_names_no_step(client: TestClient, ended_job: int, body: object) -> None:
    assert_problem(client.post(f"/api/v1/jobs/{ended_job}/restart", json=body), 422)
