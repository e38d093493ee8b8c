"""Requests that no honest client makes: each is refused with a reason, none is a 500."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from app.api.middleware import MAX_BODY
from app.jobs.context import Context
from tests.api.problems import assert_problem

#: A log-in form whose charset makes lone surrogates of plain ASCII.
SURROGATES = (
    b'--b\r\ncontent-disposition: form-data; name="username"\r\n\r\n+2AA-\r\n'
    b'--b\r\ncontent-disposition: form-data; name="password"\r\n\r\n+2AA-\r\n--b--\r\n'
)
JSON = {"content-type": "application/json"}
SIMULATION = "/api/v1/simulations/1/simulation"
BUILD = "/api/v1/builds/1/build"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"username=a%00b&password=x", "application/x-www-form-urlencoded"),
        (b"username=" + b"a" * 5000 + b"&password=x", "application/x-www-form-urlencoded"),
        (
            SURROGATES,
            "multipart/form-data; boundary=b; charset=utf-7",
        ),
        (b"--b", "multipart/form-data"),
        (b"--b\r\n\x00", "multipart/form-data; boundary=b"),
    ],
)
def test_log_in(anonymous: TestClient, content: bytes, kind: str) -> None:
    answer = anonymous.post("/api/v1/auth/login", content=content, headers={"content-type": kind})
    assert_problem(answer, answer.status_code)
    assert answer.status_code in (400, 401, 422)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\\ud800"}',
        b'{"name": "x", "\\ud800": 1}',
        b'{"name": "x", "description": "\\u0000"}',
        b"[" * 50_000,
        b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"name": ' + b"9" * 5000 + b"}",
        b'{"name": 1e999}',
        b'{"name": NaN}',
        b"null",
        b'"x"',
    ],
)
def test_project_bodies(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/v1/projects", content=body, headers=JSON)
    assert_problem(answer, answer.status_code)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "value",
    [
        b'"\\ud800"',
        b'"a\\u0000b"',
        b"NaN",
        b"Infinity",
        b"-1e999",
        b"[" * 900 + b"]" * 900,
        b'{"\\ud800": 1}',
        b'{"a\\u0000": "b"}',
    ],
)
@pytest.mark.parametrize(
    "key", [b"top", b"defines", b"CLOCK_PERIOD", b"meta", b"\\ud800", b"a\\u0000"]
)
def test_configs(client: TestClient, project: int, key: bytes, value: bytes) -> None:
    body = b'{"config": {"DESIGN_NAME": "tb", "' + key + b'": ' + value + b"}}"
    for url in (SIMULATION, BUILD):
        answer = client.post(url, content=body, headers=JSON)
        assert_problem(answer, answer.status_code)
        assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data; boundary=b", ""]
)
@pytest.mark.parametrize("url", ["/api/v1/projects", "/api/v1/auth/login", SIMULATION, "/login"])
def test_long_bodies(client: TestClient, project: int, url: str, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    part = b'--b\r\ncontent-disposition: form-data; name="username"; filename="x"\r\n\r\n'
    answer = client.post(url, content=part + b"x" * (MAX_BODY + 1), headers=headers)
    assert_problem(answer, 413)


def test_a_long_upload(client: TestClient, project: int, context: Context) -> None:
    limit = context.settings.max_upload_bytes
    files = [("files", (f"{name}.v", b"x" * (limit // 2 + 1))) for name in "ab"]
    assert_problem(client.post("/api/v1/projects/1/files", files=files), 413)


def test_method_not_allowed_says_which_are(client: TestClient) -> None:
    assert assert_problem(client.put("/api/v1/projects"), 405)
    assert "POST" in client.put("/api/v1/projects").headers["allow"]


def test_a_fault_of_ours(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("app.api.v1.projects.visible_projects", fail)
    answer = client.get("/api/v1/projects", headers={"X-Request-ID": "abc"})
    assert_problem(answer, 500)
    assert answer.headers["x-request-id"] == "abc"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret" not in answer.text


def test_lost_bytes(client: TestClient, project: int, context: Context) -> None:
    shutil.rmtree(context.settings.data_dir / "store" / "blobs")
    assert_problem(client.get("/api/v1/projects/1/files/tb.v"), 404)


def test_many_at_once(client: TestClient, project: int) -> None:
    def put(number: int) -> int:
        return client.put("/api/v1/projects/1/files/new.v", content=b"%d" % number).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(put, range(12))) <= {200, 201}
