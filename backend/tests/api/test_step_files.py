"""Everything that a finished step left, on request."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.jobs.context import Context
from app.models import Job, KeptStep, Step
from app.storage.blobs import blob_key, put_blob
from app.storage.trees import TreeFile, put_tree, tree_key
from tests.api.conftest import MakeClient
from tests.api.problems import assert_problem
from tests.jobs.factories import claim_job

FILES = {
    "openroad-floorplan.log": b"said\n",
    "reports/a b&c=<d>#e.html": b"<script>window.hit=1</script>",
    "../up.v": b"up",
    "top.png": b"\x89PNG",
}


@pytest.fixture
def job(client: TestClient, project: int, context: Context) -> int:
    """A job in its second attempt, whose first step is kept and whose second is not."""
    url = f"/api/v1/simulations/{project}/simulation"
    job_id = int(client.post(url, json={"config": {"top": "tb"}}).json()["id"])
    claim_job(context.database, job_id)
    with context.database.writing() as session:
        session.get_one(Job, job_id).attempt = 2
        for attempt, files in ((1, {"old.log": b"old"}), (2, FILES)):
            tree = put_tree(
                context.store,
                {
                    path: TreeFile(put_blob(context.store, data), len(data))
                    for path, data in files.items()
                },
            )
            kept = {"job_id": job_id, "attempt": attempt, "step": "A", "folder": "run/build/01-a"}
            session.add(KeptStep(**kept, tree_digest=tree))
        for ordinal, folder in ((1, "run/build/01-a"), (2, "run/build/02-b"), (3, None)):
            row = {"step": "A", "name": "Step", "status": "completed", "folder": folder}
            session.add(Step(job_id=job_id, attempt=2, ordinal=ordinal, **row))
    return job_id


def test_all_files_of_a_step(client: TestClient, job: int) -> None:
    files = client.get(f"/api/v1/jobs/{job}/steps/1/files").json()
    assert {file["path"]: file["size"] for file in files} == {
        path: len(data) for path, data in FILES.items()
    }
    for file in files:
        answer = client.get(file["url"])
        assert answer.content == FILES[file["path"]]
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
        assert "/" not in answer.headers["content-disposition"]
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["old.log", "", "../../etc/passwd", "/etc/passwd", "x\0y", "reports"]
)
def test_no_other_file(client: TestClient, job: int, path: str) -> None:
    url = f"/api/v1/jobs/{job}/steps/1/files/content"
    assert_problem(client.get(url, params={"path": path}), 404)


def test_steps_that_are_not_kept(client: TestClient, job: int) -> None:
    for ordinal in (2, 3):
        answer = client.get(f"/api/v1/jobs/{job}/steps/{ordinal}/files")
        assert "not kept" in assert_problem(answer, 404)["detail"]
    for ordinal in (0, 4, 99_999_999_999):
        assert_problem(client.get(f"/api/v1/jobs/{job}/steps/{ordinal}/files"), 404)


def test_others_see_nothing(job: int, log_in: MakeClient) -> None:
    bob = log_in("bob")
    for path in ("files", "files/content?path=openroad-floorplan.log"):
        assert_problem(bob.get(f"/api/v1/jobs/{job}/steps/1/{path}"), 404)


def test_what_the_store_has_lost(client: TestClient, job: int, context: Context) -> None:
    store = context.settings.data_dir / "store"
    files = client.get(f"/api/v1/jobs/{job}/steps/1/files").json()
    (store / blob_key(files[0]["digest"])).unlink()
    assert_problem(client.get(files[0]["url"]), 404)
    with context.database.reading() as session:
        digests = [kept.tree_digest for kept in session.scalars(select(KeptStep))]
    for digest in digests:
        (store / tree_key(digest)).unlink()
    assert_problem(client.get(f"/api/v1/jobs/{job}/steps/1/files"), 404)
