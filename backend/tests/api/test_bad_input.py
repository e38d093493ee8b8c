"""Bad input to every route: problem JSON that names the field, and never a 500."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.problems import assert_problem

SIMULATION = "/api/v1/simulations/1/simulation"
JSON_TYPE = {"content-type": "application/json"}
CASES: list[tuple[str, str, dict[str, Any], int, str | None]] = [
    ("POST", "/api/v1/projects", {"json": {}}, 422, "body.name"),
    ("POST", "/api/v1/projects", {"json": {"name": ""}}, 422, "body.name"),
    ("POST", "/api/v1/projects", {"json": {"name": " "}}, 422, "body.name"),
    ("POST", "/api/v1/projects", {"json": {"name": "x" * 101}}, 422, "body.name"),
    ("POST", "/api/v1/projects", {"json": {"name": "a\x00b"}}, 422, "body.name"),
    ("POST", "/api/v1/projects", {"json": {"name": 5}}, 422, "body.name"),
    ("POST", "/api/v1/projects", {"json": {"name": "a", "nmae": 1}}, 422, "body.nmae"),
    (
        "POST",
        "/api/v1/projects",
        {"json": {"name": "a", "visibility": "x"}},
        422,
        "body.visibility",
    ),
    ("POST", "/api/v1/projects", {"json": []}, 422, "body"),
    (
        "POST",
        "/api/v1/projects",
        {"content": b"{", "headers": {"content-type": "application/json"}},
        422,
        "body",
    ),
    (
        "POST",
        "/api/v1/projects",
        {"content": b"\xff", "headers": {"content-type": "application/json"}},
        400,
        None,
    ),
    ("POST", "/api/v1/projects", {"content": b"name=x"}, 422, "body"),
    ("POST", "/api/v1/projects", {}, 422, "body"),
    ("PATCH", "/api/v1/projects/1", {"json": {"visibility": 3}}, 422, "body.visibility"),
    ("GET", "/api/v1/projects/2", {}, 404, None),
    ("GET", "/api/v1/projects/0", {}, 404, None),
    ("GET", "/api/v1/projects/-1", {}, 404, None),
    ("GET", "/api/v1/projects/x", {}, 404, None),
    ("GET", "/api/v1/projects/99999999999999999999", {}, 404, None),
    ("DELETE", "/api/v1/projects/77", {}, 404, None),
    ("GET", "/api/v1/projects/1/files/nothing.v", {}, 404, None),
    ("DELETE", "/api/v1/projects/1/files/nothing.v", {}, 404, None),
    ("PUT", "/api/v1/projects/1/files/a%00b.v", {"content": b""}, 422, "path"),
    ("PUT", "/api/v1/projects/1/files/a%0Ab.v", {"content": b""}, 404, None),
    ("PUT", "/api/v1/projects/1/files/%2e%2e/x.v", {"content": b""}, 422, "path"),
    ("GET", "/api/v1/projects/1/files/%FF.v", {}, 404, None),
    ("POST", "/api/v1/projects/1/files", {"json": {}}, 422, "body.files"),
    ("POST", SIMULATION, {"json": {"config": []}}, 422, "body.config"),
    ("POST", SIMULATION, {"json": {"config": {"tpo": "tb"}}}, 422, "body.config.tpo"),
    ("POST", SIMULATION, {"json": {"config": {"top": "a b"}}}, 422, "body.config.top"),
    ("POST", SIMULATION, {"json": {"config": {"top": "a\x00"}}}, 422, "body.config"),
    ("POST", SIMULATION, {"json": {"max_seconds": 0}}, 422, "body.max_seconds"),
    ("POST", SIMULATION, {"json": {"max_seconds": 10**9}}, 422, "body.max_seconds"),
    ("POST", SIMULATION, {"json": {"confg": {}}}, 422, "body.confg"),
    ("POST", "/api/v1/builds/1/build", {"json": {"config": {"CLOCK_PERIOD": "soon"}}}, 422, None),
    (
        "POST",
        "/api/v1/builds/1/build",
        {"json": {"config": {"PNR_SDC_FILE": "/etc/passwd"}}},
        422,
        None,
    ),
    (
        "POST",
        "/api/v1/builds/1/build",
        {"content": b'{"config": {"CLOCK_PERIOD": Infinity}}', "headers": JSON_TYPE},
        422,
        "body.config",
    ),
    ("GET", "/api/v1/builds/1/build/status", {}, 404, None),
    ("GET", "/api/v1/jobs", {"params": {"limit": 0}}, 422, "query.limit"),
    ("GET", "/api/v1/jobs", {"params": {"status": "done"}}, 422, "query.status"),
    ("GET", "/api/v1/jobs", {"params": {"before": "x"}}, 422, "query.before"),
    ("GET", "/api/v1/jobs/1", {}, 404, None),
    ("GET", "/api/v1/jobs/1/log", {}, 404, None),
    ("GET", "/api/v1/jobs/1/log", {"params": {"offset": -1}}, 422, "query.offset"),
    ("GET", "/api/v1/jobs/1/log/follow", {}, 404, None),
    ("GET", "/api/v1/jobs/1/artifacts", {}, 404, None),
    ("GET", "/api/v1/jobs/1/artifacts", {"params": {"kind": "a\0"}}, 422, "query.kind"),
    ("GET", "/api/v1/jobs/1/artifacts/1/content", {}, 404, None),
    ("POST", "/api/v1/jobs/1/cancel", {}, 404, None),
    ("GET", "/api/v1/nothing", {}, 404, None),
    ("PUT", "/api/v1/jobs", {}, 405, None),
]


@pytest.mark.parametrize(("method", "path", "options", "status", "field"), CASES)
def test_bad_input_is_told_kindly(
    client: TestClient,
    project: int,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
    field: str | None,
) -> None:
    assert project == 1
    assert_problem(client.request(method, path, **options), status, field)
    files = client.get("/api/v1/projects/1/files").json()
    assert [file["path"] for file in files] == ["tb.v"]


def test_a_huge_body_is_refused_before_it_is_parsed(client: TestClient) -> None:
    huge = b'{"name": "' + b"x" * (2 << 20) + b'"}'
    headers = {"content-type": "application/json"}
    assert_problem(client.post("/api/v1/projects", content=huge, headers=headers), 413)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
BOUNDED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@BOUNDED
@given(config=st.dictionaries(st.sampled_from(["top", "files", "defines", "x"]), JSON))
def test_no_config_is_a_500(client: TestClient, project: int, config: dict[str, Any]) -> None:
    body = json.dumps({"config": config}).encode()
    headers = {"content-type": "application/json"}
    for url in ("/api/v1/simulations/1/simulation", "/api/v1/builds/1/build"):
        answer = client.post(url, content=body, headers=headers)
        assert answer.status_code in (201, 422), answer.text


@BOUNDED
@given(path=st.text(min_size=1, max_size=40))
def test_no_path_is_a_500(client: TestClient, project: int, path: str) -> None:
    url = f"/api/v1/projects/1/files/{quote(path, errors='surrogatepass')}"
    assert client.put(url, content=b"x").status_code in (200, 201, 404, 405, 409, 422)
