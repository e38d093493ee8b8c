"""The store: the same contract on a folder and on a real S3 server."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.exceptions import BaseError
from pydantic import SecretStr

from app.core.settings import Settings
from app.storage.blobs import blob_key, digest_of, get_blob, put_blob
from app.storage.store import Store, make_store
from app.storage.trees import TreeFile, get_tree, put_tree, tree_key, write_tree
from tests.certificates import Authority
from tests.storage.s3_server import KEY, SECRET, S3Server, serve_s3
from tests.system.workers import BACKEND


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with serve_s3(tmp_path_factory.mktemp("s3")) as server:
        yield server


def _s3_settings(server: S3Server, folder: Path, secret: str = SECRET) -> Settings:
    return Settings(
        data_dir=folder,
        store_url=f"s3://{server.bucket}/{folder.name}",
        s3_endpoint=server.endpoint,
        s3_access_key=SecretStr(KEY),
        s3_secret_key=SecretStr(secret),
    )


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.system)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return make_store(Settings(data_dir=tmp_path))
    return make_store(_s3_settings(request.getfixturevalue("s3"), tmp_path))


def test_what_is_put_is_got(store: Store) -> None:
    store.put("a/b", b"old")
    store.put("a/b", b"new")
    assert store.get("a/b") == b"new"
    assert (store.size("a/b"), store.exists("a/b"), store.exists("a/c")) == (3, True, False)


def test_a_missing_key_is_file_not_found(store: Store) -> None:
    for read in (store.get, store.size, store.open, lambda key: store.get_range(key, 0, 1)):
        with pytest.raises(FileNotFoundError):
            read("nothing/here")


@pytest.mark.parametrize(("start", "length"), [(0, 4), (2, 100), (9, 1), (10, 5), (50, 1), (3, 0)])
def test_a_range_ends_where_the_object_ends(tmp_path: Path, start: int, length: int) -> None:
    """On a folder alone: rclone answers a range with status 200, which no client takes but as a whole."""
    store = make_store(Settings(data_dir=tmp_path))
    store.put("r", b"0123456789")
    assert store.get_range("r", start, length) == b"0123456789"[start : start + length]


def test_a_range_that_is_the_whole(store: Store) -> None:
    store.put("r", b"0123456789")
    assert store.get_range("r", 0, 100) == b"0123456789"


def test_a_large_file_is_streamed_both_ways(store: Store) -> None:
    data = bytes(range(256)) * (12 << 12)  # 12 MiB: more than one part
    store.put_open_file("big", io.BytesIO(data))
    opened = store.open("big")
    assert opened.size == len(data)
    chunks = list(opened.chunks)
    assert len(chunks) > 1
    assert b"".join(chunks) == data


def test_an_empty_file(store: Store) -> None:
    store.put_open_file("empty", io.BytesIO(b""))
    assert (store.get("empty"), store.get_range("empty", 0, 10)) == (b"", b"")


def test_keys_below_a_prefix(store: Store) -> None:
    for key in ("p/1", "p/q/2", "other/3"):
        store.put(key, b"")
    assert sorted(store.keys("p")) == ["p/1", "p/q/2"]


def test_check(store: Store) -> None:
    store.check()


@pytest.mark.system
def test_a_wrong_secret_is_found_by_check(s3: S3Server, tmp_path: Path) -> None:
    wrong = make_store(_s3_settings(s3, tmp_path, secret="wrong"))
    with pytest.raises(BaseError, match=r"SignatureDoesNotMatch|AccessDenied|403"):
        wrong.check()


def test_equal_content_is_one_blob(store: Store) -> None:
    first, second = put_blob(store, b"module top;"), put_blob(store, b"module top;")
    assert first == second == digest_of(b"module top;")
    assert list(store.keys("blobs")) == [blob_key(first)]
    assert get_blob(store, first) == b"module top;"


def test_equal_trees_have_equal_digests(store: Store) -> None:
    a, b = TreeFile("a" * 64, 1), TreeFile("b" * 64, 2)
    digest = put_tree(store, {"x.v": a, "y.v": b})
    assert put_tree(store, {"y.v": b, "x.v": a}) == digest
    assert put_tree(store, {"x.v": b, "y.v": a}) != digest
    assert get_tree(store, digest) == {"x.v": a, "y.v": b}


def test_a_tree_is_written_as_files(store: Store, tmp_path: Path) -> None:
    files = {"top.v": b"top", "sub/größe.v": b"sub"}
    tree = {path: TreeFile(put_blob(store, data), len(data)) for path, data in files.items()}
    folder = tmp_path / "out"
    write_tree(store, put_tree(store, tree), folder)
    assert {path: (folder / path).read_bytes() for path in files} == files


def test_a_tree_that_leaves_its_folder_is_not_written(store: Store, tmp_path: Path) -> None:
    digest = put_tree(store, {"../escape.v": TreeFile(put_blob(store, b"x"), 1)})
    with pytest.raises(ValueError, match="leaves the folder"):
        write_tree(store, digest, tmp_path / "in" / "out")
    assert not (tmp_path / "in" / "escape.v").exists()


def test_a_lost_blob_is_file_not_found(store: Store, tmp_path: Path) -> None:
    digest = put_tree(store, {"x.v": TreeFile("c" * 64, 1)})
    assert store.exists(tree_key(digest))
    with pytest.raises(FileNotFoundError):
        write_tree(store, digest, tmp_path / "out")


def test_another_scheme_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="A6HUB_STORE_URL"):
        make_store(Settings(data_dir=tmp_path, store_url="ftp://somewhere"))


def test_what_lies_below_a_prefix(store: Store) -> None:
    for key in ("jobs/1/log/a", "jobs/1/log/b", "jobs/11/x", "blobs/y"):
        store.put(key, b"abc")
    entries = {entry.key: entry.size for entry in store.entries("jobs/1/")}
    assert entries == {"jobs/1/log/a": 3, "jobs/1/log/b": 3}
    assert sorted(store.folders("jobs/")) == ["1", "11"]
    assert store.folders("nothing/") == []


def test_what_is_removed_is_gone(store: Store) -> None:
    store.put("a/b", b"x")
    assert store.written("a/b") is not None
    for _ in range(2):
        store.delete("a/b")
        assert store.written("a/b") is None


@pytest.mark.system
def test_an_authority_of_ones_own_is_named_by_ssl_cert_file(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    folder = tmp_path / "s3"
    folder.mkdir()
    with serve_s3(folder, authority) as server:
        known = {
            **os.environ,
            "A6HUB_STORE_URL": f"s3://{server.bucket}",
            "S3_ENDPOINT": server.endpoint,
            "S3_ACCESS_KEY": KEY,
            "S3_SECRET_KEY": SECRET,
        }
        assert "UnknownIssuer" in _check_in_a_process(known)
        assert _check_in_a_process({**known, "SSL_CERT_FILE": str(authority.certificate)}) == ""


def _check_in_a_process(environment: dict[str, str]) -> str:
    """Check the store that an environment names and return what is wrong with it."""
    program = "from app.storage.store import *; make_store(Settings()).check()"
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, cwd=BACKEND, env=environment, capture_output=True, text=True, check=False
    )
    return done.stderr
