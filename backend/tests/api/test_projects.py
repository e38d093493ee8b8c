"""Projects and their files."""

import pytest
from fastapi.testclient import TestClient

from app.jobs.context import Context
from tests.api.conftest import SOURCE, MakeClient
from tests.api.problems import assert_problem


def _files(client: TestClient, project: int) -> list[str]:
    return [file["path"] for file in client.get(f"/api/v1/projects/{project}/files").json()]


def test_a_project_is_made_listed_changed_and_deleted(client: TestClient, project: int) -> None:
    url = f"/api/v1/projects/{project}"
    assert [one["name"] for one in client.get("/api/v1/projects").json()] == ["chip"]
    changed = client.patch(url, json={"name": "chip2", "visibility": "public"}).json()
    assert (changed["name"], changed["visibility"], changed["description"]) == (
        "chip2",
        "public",
        "",
    )
    assert client.delete(url).status_code == 204
    assert_problem(client.get(url), 404)


def test_a_name_is_taken_once_per_user(
    client: TestClient, project: int, log_in: MakeClient
) -> None:
    assert_problem(client.post("/api/v1/projects", json={"name": "chip"}), 409)
    assert log_in("bob").post("/api/v1/projects", json={"name": "chip"}).status_code == 201


@pytest.mark.parametrize("path", ["rtl/größe.v", "a b.v", "日本/語.sv", "x.tar.gz", ".config"])
def test_files_of_any_alphabet(client: TestClient, project: int, path: str) -> None:
    url = f"/api/v1/projects/{project}/files/{path}"
    assert client.put(url, content=b"old").status_code == 201
    assert client.put(url, content=b"new").status_code == 200
    answer = client.get(url)
    assert answer.content == b"new"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-length"] == "3"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert path in _files(client, project)
    assert client.delete(url).status_code == 204
    assert_problem(client.get(url), 404)


@pytest.mark.parametrize(
    "path",
    [
        "../x.v",
        "a/../x.v",
        "a//x.v",
        "/etc/passwd",
        "-o.v",
        "a/-o.v",
        'a".v',
        "a'.v",
        "a$b.v",
        "a;b.v",
        "a\\b.v",
        "a\nb.v",
        "a\x00b.v",
        "C:x.v",
        "a[0].v",
        " a.v",
        "x" * 300,
        "\u202ev.a",
    ],
)
def test_a_path_that_would_break_a_tool_is_refused(
    client: TestClient, project: int, path: str
) -> None:
    files = [("files", (path, b"x")), ("files", ("good.v", b"x"))]
    answer = client.post(f"/api/v1/projects/{project}/files", files=files)
    # Some names do not survive multipart; then the file arrives under a harmless one or not at all.
    assert answer.status_code in (201, 422), answer.text
    if answer.status_code == 422:
        assert "path" in answer.text or "files" in answer.text
        assert _files(client, project) == ["tb.v"]
    assert path not in _files(client, project)


def test_files_are_uploaded_all_or_none(client: TestClient, project: int) -> None:
    url = f"/api/v1/projects/{project}/files"
    good = [("files", ("a.v", b"1")), ("files", ("b/c.v", b"2"))]
    assert client.post(url, files=good).status_code == 201
    bad = [("files", ("d.v", b"3")), ("files", ("-e.v", b"4"))]
    assert_problem(client.post(url, files=bad), 422, "path")
    assert _files(client, project) == ["a.v", "b/c.v", "tb.v"]


def test_a_file_cannot_be_a_folder_too(client: TestClient, project: int) -> None:
    url = f"/api/v1/projects/{project}/files"
    assert_problem(client.put(f"{url}/tb.v/x.v", content=b""), 409)
    client.put(f"{url}/rtl/x.v", content=b"")
    assert_problem(client.put(f"{url}/rtl", content=b""), 409)


def test_too_large_a_file(client: TestClient, project: int, context: Context) -> None:
    url = f"/api/v1/projects/{project}/files/big.v"
    big = b"x" * (context.settings.max_upload_bytes + 1)
    assert_problem(client.put(url, content=big), 413)
    assert _files(client, project) == ["tb.v"]


def test_what_is_private_is_not_there_for_others(
    client: TestClient, project: int, log_in: MakeClient
) -> None:
    bob, url = log_in("bob"), f"/api/v1/projects/{project}"
    for answer in (
        bob.get(url),
        bob.patch(url, json={"name": "mine"}),
        bob.delete(url),
        bob.get(f"{url}/files"),
        bob.get(f"{url}/files/tb.v"),
        bob.put(f"{url}/files/tb.v", content=b""),
        bob.delete(f"{url}/files/tb.v"),
        bob.post(f"/api/v1/builds/{project}/build"),
        bob.get(f"/api/v1/builds/{project}/build/status"),
    ):
        assert_problem(answer, 404)
    assert bob.get("/api/v1/projects").json() == []
    assert client.get(f"{url}/files/tb.v").content == SOURCE


def test_what_is_public_may_be_read_and_not_changed(
    client: TestClient, project: int, log_in: MakeClient
) -> None:
    client.patch(f"/api/v1/projects/{project}", json={"visibility": "public"})
    bob, url = log_in("bob"), f"/api/v1/projects/{project}"
    assert bob.get(f"{url}/files/tb.v").content == SOURCE
    for answer in (
        bob.delete(url),
        bob.put(f"{url}/files/tb.v", content=b""),
        bob.post(f"/api/v1/simulations/{project}/simulation", json={"config": {"top": "tb"}}),
    ):
        assert_problem(answer, 403)
