"""Pinning and deleting jobs, and what is said of files that are kept no more."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from app.core.clock import utcnow
from app.jobs.context import Context
from app.jobs.outcomes import Ending
from app.jobs.states import finish
from app.jobs.sweep import sweep
from app.models import Artifact, Job, JobStatus, Step
from tests.api.conftest import MakeClient
from tests.api.problems import assert_problem
from tests.jobs.factories import claim_job


@pytest.fixture
def context(context: Context) -> Context:
    settings = context.settings.model_copy(update={"keep_files_days": 90, "keep_newest_jobs": 0})
    return Context(settings, context.database, context.store, context.broker)


@pytest.fixture
def job(client: TestClient, project: int, context: Context) -> int:
    """A job of Ada's that ended 91 days ago."""
    url = f"/api/v1/simulations/{project}/simulation"
    job_id = int(client.post(url, json={"config": {"top": "tb"}}).json()["id"])
    mine = claim_job(context.database, job_id)
    key = f"jobs/{job_id}/attempts/1/artifacts/a.vcd"
    context.store.put(key, b"waves")
    with context.database.writing() as session:
        finish(session, mine, Ending(JobStatus.COMPLETED, "Good."))
        session.get_one(Job, job_id).ended_at = utcnow() - timedelta(days=91)
        file = {"name": "a.vcd", "kind": "waveform", "size": 5, "digest": "d" * 64, "key": key}
        session.add(Artifact(job_id=job_id, attempt=1, **file))
        step = {"step": "run", "name": "Run", "status": "completed", "folder": "run"}
        session.add(Step(job_id=job_id, attempt=1, ordinal=1, **step))
    return job_id


def test_files_that_were_removed_are_gone(client: TestClient, job: int, context: Context) -> None:
    [file] = client.get(f"/api/v1/jobs/{job}/artifacts").json()
    assert client.get(file["url"]).content == b"waves"
    until = client.get(f"/api/v1/jobs/{job}").json()["files_kept_until"]
    assert until[:10] == f"{utcnow() - timedelta(days=1):%Y-%m-%d}"
    sweep(context, grace=timedelta(0))
    today = f"{utcnow():%Y-%m-%d}"
    words = f"The files of job {job} were removed on {today} by the retention of 90 days."
    for path in ("log", "log?attempt=1", "log/follow", "steps/1/files"):
        problem = assert_problem(client.get(f"/api/v1/jobs/{job}/{path}"), 410)
        assert problem["detail"] == words
    assert assert_problem(client.get(file["url"]), 410)["title"] == "Gone"
    detail = client.get(f"/api/v1/jobs/{job}").json()
    assert (detail["files_removed"], detail["files_kept_until"]) == (words, None)
    for path in ("", "/result", "/report.html", "/bundle", "/artifacts"):
        assert client.get(f"/api/v1/jobs/{job}{path}").status_code == 200
    again = client.post(f"/api/v1/jobs/{job}/retry")
    assert again.status_code == 201


def test_pinning(client: TestClient, job: int, context: Context) -> None:
    for _ in range(2):
        assert client.put(f"/api/v1/jobs/{job}/pin").json()["pinned"] is True
    assert sweep(context, grace=timedelta(0)).files == 0
    assert client.get(f"/api/v1/jobs/{job}").json()["files_kept_until"] is None
    assert "unpin" in assert_problem(client.delete(f"/api/v1/jobs/{job}"), 409)["detail"]
    assert client.delete(f"/api/v1/jobs/{job}/pin").json()["pinned"] is False


def test_deleting(client: TestClient, job: int) -> None:
    answer = client.delete(f"/api/v1/jobs/{job}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_problem(client.get(f"/api/v1/jobs/{job}"), 404)
    assert_problem(client.delete(f"/api/v1/jobs/{job}"), 404)


def test_a_job_that_waits_is_not_deleted(client: TestClient, project: int) -> None:
    url = f"/api/v1/simulations/{project}/simulation"
    waiting = client.post(url, json={"config": {"top": "tb"}}).json()["id"]
    assert "cancel" in assert_problem(client.delete(f"/api/v1/jobs/{waiting}"), 409)["detail"]


@pytest.mark.parametrize(("visibility", "status"), [("private", 404), ("public", 403)])
def test_others_may_not(
    client: TestClient, log_in: MakeClient, project: int, job: int, visibility: str, status: int
) -> None:
    client.patch(f"/api/v1/projects/{project}", json={"visibility": visibility})
    bob = log_in("bob")
    for method, path in (("PUT", "/pin"), ("DELETE", "/pin"), ("DELETE", "")):
        assert_problem(bob.request(method, f"/api/v1/jobs/{job}{path}"), status)


def test_a_log_is_not_read_by_naming_its_attempt(
    log_in: MakeClient, job: int, context: Context
) -> None:
    context.store.put(f"jobs/{job}/attempts/1/log/000000", b"secret")
    assert_problem(log_in("bob").get(f"/api/v1/jobs/{job}/log?attempt=1"), 404)
