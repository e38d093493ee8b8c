"""Importing an archive."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.application import create_app
from app.jobs.context import Context
from app.projects.importing import store_files
from tests.api.conftest import SOURCE, MakeClient, make_login
from tests.api.problems import assert_problem
from tests.projects.archives.building import KINDS, ZipEntry, archive_of, raw_zip, tar_of, zip_of

URL = "/api/v1/projects/1/import"
REPO = {"repo-main/rtl/top.v": b"module top; endmodule\n", "repo-main/README.md": b"read me\n"}


def _files(client: TestClient) -> dict[str, str]:
    return {file["path"]: file["digest"] for file in client.get("/api/v1/projects/1/files").json()}


def _send(client: TestClient, data: bytes, **options: Any) -> dict[str, Any]:
    answer = client.post(URL, content=data, params=options)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _blobs(context: Context) -> set[str]:
    return set(context.store.keys("blobs"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_of_each_kind(client: TestClient, project: int, kind: str) -> None:
    assert _send(client, archive_of(kind, REPO)) == {
        "added": ["README.md", "rtl/top.v"],
        "changed": [],
        "unchanged": [],
        "removed": [],
        "left_out": [],
        "top_folder": "repo-main",
    }
    for path, data in REPO.items():
        url = f"/api/v1/projects/1/files/{path.removeprefix('repo-main/')}"
        assert client.get(url).content == data
    assert client.get("/api/v1/projects/1/files/tb.v").content == SOURCE


def test_what_was_there_is_told_apart(client: TestClient, project: int) -> None:
    answer = _send(client, zip_of({"tb.v": b"new", "a.v": b"1", ".git/HEAD": b"ref"}))
    assert (answer["added"], answer["changed"]) == (["a.v"], ["tb.v"])
    assert answer["left_out"] == [{"path": ".git", "reason": "belongs to version control"}]
    assert answer["top_folder"] is None
    again = _send(client, zip_of({"tb.v": b"new", "a.v": b"2"}))
    assert (again["added"], again["changed"], again["unchanged"]) == ([], ["a.v"], ["tb.v"])


def test_replacing_all(client: TestClient, project: int) -> None:
    answer = _send(client, tar_of({"TB.v": b"1"}), replace=True)
    assert (answer["added"], answer["removed"]) == (["TB.v"], ["tb.v"])
    assert list(_files(client)) == ["TB.v"]


def test_a_file_may_take_the_place_of_a_folder_when_all_is_replaced(
    client: TestClient, project: int
) -> None:
    assert_problem(client.post(URL, content=zip_of({"tb.v/x": b"", "y": b""})), 409)
    assert _send(client, zip_of({"tb.v/x": b"", "y": b""}), replace=True)["removed"] == ["tb.v"]


def test_the_top_folder_can_be_kept(client: TestClient, project: int) -> None:
    assert _send(client, zip_of(REPO), keep_top_folder=True)["added"] == sorted(REPO)


def test_a_link_becomes_a_copy(client: TestClient, project: int) -> None:
    link = ZipEntry(b"b.v", b"a.v", mode=0o120777)
    _send(client, raw_zip(ZipEntry(b"a.v", b"content"), link))
    assert _files(client)["b.v"] == hashlib.sha256(b"content").hexdigest()


def test_a_large_file(client: TestClient, project: int) -> None:
    data = hashlib.shake_128(b"large").digest(5 << 20)
    for kind in KINDS:
        _send(client, archive_of(kind, {"large.gds": data}))
    assert client.get("/api/v1/projects/1/files/large.gds").content == data


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        (b"", "archive", "is empty"),
        (b"hello", "archive", "no format that is known"),
        (zip_of({}), "archive", "holds no file"),
        (zip_of({".git/x": b""}), "archive", "holds no file"),
        (zip_of({"ok.v": b"1", "../x.v": b"2"}), "archive/../x.v", "climbs out"),
        (tar_of({"ok.v": b"1", "-o.v": b"2"}), "archive/-o.v", "begins with a dash"),
        (tar_of({"ok.v": b"1"})[:1000], "archive/ok.v", "is cut off"),
        (raw_zip(ZipEntry(b"a", b"1"), ZipEntry(b"b", b"2", crc=1)), "archive/b", "CRC"),
    ],
)
def test_a_refused_archive_changes_nothing(
    client: TestClient, project: int, context: Context, data: bytes, field: str, words: str
) -> None:
    files, blobs = _files(client), _blobs(context)
    problem = assert_problem(client.post(URL, content=data, params={"replace": True}), 422, field)
    assert problem["title"] == "Archive refused"
    assert words in problem["detail"]
    assert (_files(client), _blobs(context)) == (files, blobs)


def test_an_archive_that_meets_a_folder_changes_nothing(
    client: TestClient, project: int, context: Context
) -> None:
    blobs = _blobs(context)
    for name in ("tb.v/x.v", "TB.v", "Tb.V/y"):
        answer = client.post(URL, content=zip_of({"new.v": b"fresh", name: b""}))
        assert "tb.v" in assert_problem(answer, 409)["detail"]
    assert (list(_files(client)), _blobs(context)) == (["tb.v"], blobs)


def test_a_form_is_told_what_to_send(client: TestClient, project: int) -> None:
    answer = client.post(URL, files={"file": ("x.zip", zip_of(REPO))})
    assert "send the archive itself" in assert_problem(answer, 422, "archive")["detail"]


@pytest.mark.parametrize("options", [{"replace": "perhaps"}, {"keep_top_folder": 7}])
def test_bad_options(client: TestClient, project: int, options: dict[str, Any]) -> None:
    answer = client.post(URL, content=zip_of(REPO), params=options)
    assert_problem(answer, 422, f"query.{next(iter(options))}")


@pytest.fixture
def small(context: Context) -> Iterator[TestClient]:
    """A client of an a6hub with small limits, with a project of one file."""
    limits = {
        "max_archive_bytes": 4000,
        "max_upload_bytes": 2000,
        "max_unpacked_bytes": 3000,
        "max_archive_entries": 8,
        "max_project_files": 5,
        "max_project_bytes": 2500,
    }
    settings = context.settings.model_copy(update=limits)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {make_login(context.database, 'ada')}"
        client.post("/api/v1/projects", json={"name": "chip"})
        assert client.put("/api/v1/projects/1/files/tb.v", content=b"x").status_code == 201
        yield client


def _many(count: int, size: int) -> dict[str, bytes]:
    return {f"{number}": b"x" * size for number in range(count)}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tar_of(_many(1, 4000)), "The archive is larger than 4000 bytes"),
        (zip_of(_many(1, 2001)), "archive/0: is larger than 2000 bytes"),
        (zip_of(_many(3, 1001)), "unpacks to more than 3000 bytes"),
        (zip_of(_many(9, 0)), "holds more than 8 entries"),
        (zip_of(_many(5, 0)), "A project holds at most 5 files"),
        (zip_of(_many(2, 1250)), "A project holds at most 2500 bytes"),
    ],
)
def test_each_limit(small: TestClient, data: bytes, words: str) -> None:
    assert words in assert_problem(small.post(URL, content=data), 413)["detail"]
    assert list(_files(small)) == ["tb.v"]


def test_what_is_just_within_the_limits(small: TestClient) -> None:
    assert len(_send(small, zip_of(_many(4, 600)))["added"]) == 4
    assert _send(small, zip_of(_many(5, 500)), replace=True)["removed"] == ["tb.v"]


def test_an_endless_upload_is_cut_short(small: TestClient) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 100 << 20:
            sent += 4096
            yield bytes(4096)

    assert_problem(small.post(URL, content=endless()), 413)
    assert list(_files(small)) == ["tb.v"]


def test_who_may_import(client: TestClient, project: int, log_in: MakeClient) -> None:
    bob = log_in("bob")
    assert_problem(bob.post(URL, content=zip_of(REPO)), 404)
    client.patch("/api/v1/projects/1", json={"visibility": "public"})
    assert_problem(bob.post(URL, content=zip_of(REPO)), 403)
    assert_problem(TestClient(client.app).post(URL, content=zip_of(REPO)), 401)
    assert list(_files(client)) == ["tb.v"]


def test_no_temporary_file_stays(
    client: TestClient, project: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    _send(client, tar_of({"a": bytes(range(256)) * 8192}))
    client.post(URL, content=b"x" * (2 << 20))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_file_that_came_meanwhile_is_seen(
    client: TestClient, project: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the plan and the change another may have put a file in the way."""

    def store_and_be_overtaken(*given: Any) -> None:
        store_files(*given)
        client.put("/api/v1/projects/1/files/A.v", content=b"1")

    monkeypatch.setattr("app.api.v1.imports.store_files", store_and_be_overtaken)
    assert_problem(client.post(URL, content=zip_of({"a.v": b"2"})), 409)
    assert list(_files(client)) == ["A.v", "tb.v"]
