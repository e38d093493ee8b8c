"""The OpenAPI document: whole, and true about who may do what.

Whether answers are as it says is looked at in every test of the API (tests/api/promised.py).
"""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.jobs.context import Context
from app.models import Project, Visibility
from reference.api import example_of, openapi
from tests.api.conftest import MakeClient
from tests.api.problems import assert_problem

DOCUMENT = openapi()
OPERATIONS = [
    (method, path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]
WHO = {
    "everybody, without logging in",
    "every user",
    "administrators",
    "the project's owner and administrators",
    "the project's owner and administrators; every user if the project is public",
}
#: A test of each with both databases would tell nothing more.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def ask(client: TestClient, method: str, path: str, operation: dict[str, Any], project: int) -> Any:
    """Ask a route about the project and its job, with the example of its body."""
    names = {"path": "a.v", "name": "host:1"}
    url = path.format(project_id=project, job_id=1, ordinal=1, artifact_id=1, **names)
    body: dict[str, Any] = {}
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            body = {"json": example_of(content, DOCUMENT)}
        elif kind == "multipart/form-data":
            body = {"files": {"files": ("a.v", b"")}}
    return client.request(method, url, **body, params={"path": "x"})


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_each_route_says_what_it_is_for(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"][:1].isupper()
    assert not operation["summary"].endswith(".")
    assert operation["x-who-may"] in WHO
    assert any(status < "300" for status in operation["responses"])
    assert "500" in operation["responses"]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        assert kind != "application/json" or example_of(content, DOCUMENT)


def test_each_body_says_what_it_is() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    silent = [n for n, one in schemas.items() if not one.get("description") and "enum" not in one]
    assert [name for name in silent if not name.startswith("Body_")] == []


@on_sqlite
def test_strangers_may_nothing_else(anonymous: TestClient) -> None:
    for method, path, operation in OPERATIONS:
        answer = ask(anonymous, method, path, operation, 1)
        if operation["x-who-may"] != "everybody, without logging in":
            assert_problem(answer, 401)


@on_sqlite
@pytest.mark.parametrize("visibility", Visibility)
def test_who_may(
    context: Context, client: TestClient, project: int, log_in: MakeClient, visibility: Visibility
) -> None:
    """What is private is not there for others; what is public they may look at and not change."""
    answer = client.post(f"/api/v1/simulations/{project}/simulation", json={"config": {}})
    assert answer.json()["id"] == 1
    with context.database.writing() as session:
        session.get_one(Project, project).visibility = visibility
    other, seen = log_in("eve"), set()
    for method, path, operation in OPERATIONS:
        if path.startswith("/api/v1/auth") or path.endswith("/follow"):
            continue
        answer = ask(other, method, path, operation, project)
        who = operation["x-who-may"]
        seen.add(who)
        if who == "administrators":
            assert_problem(answer, 403)
        elif who == "the project's owner and administrators":
            assert_problem(answer, 403 if visibility == Visibility.PUBLIC else 404)
        elif "public" in who and visibility == Visibility.PRIVATE:
            assert_problem(answer, 404)
        else:
            assert answer.status_code != 403, path
    assert seen == WHO
