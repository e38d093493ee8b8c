"""Folders of steps in the store: what of them is kept, and given out again."""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from app.jobs import keeping
from app.jobs.context import Context
from app.jobs.keeping import NotKeptError, keep_folder
from app.storage.blobs import blob_key
from app.storage.trees import get_tree, write_tree
from app.toolchains.files import open_plain


def test_only_plain_files_are_kept(context: Context, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    folder = tmp_path / "step"
    folder.mkdir()
    (folder / "plain").write_text("p")
    (folder / "link").symlink_to(secret)
    (folder / "hard").hardlink_to(secret)
    digest, size = keep_folder(context.store, tmp_path, "step", 100, tmp_path)
    assert set(get_tree(context.store, digest)) == {"plain"}
    assert size == 1


def test_nothing_is_kept_from_where_a_link_leads(context: Context, tmp_path: Path) -> None:
    theirs = tmp_path / "1-1" / "job" / "run" / "a"
    theirs.mkdir(parents=True)
    (theirs / "secret.v").write_text("secret")
    job = tmp_path / "2-1" / "job"
    job.mkdir(parents=True)
    (job / "run").symlink_to(theirs.parent)
    with pytest.raises(NotKeptError, match="nothing is there"):
        keep_folder(context.store, job, "run/a", 100, tmp_path)
    assert list(context.store.keys("blobs")) == []


def test_a_file_that_grows_is_not_read_without_end(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "step").mkdir()
    path = tmp_path / "step" / "x"
    path.write_text("four")

    def grow(root: Path, name: str) -> BinaryIO | None:
        os.truncate(path, 1 << 34)
        return open_plain(root, name)

    monkeypatch.setattr(keeping, "open_plain", grow)
    with pytest.raises(NotKeptError, match="changes"):
        keep_folder(context.store, tmp_path, "step", 100, tmp_path)


def test_a_blob_that_holds_something_else_is_not_handed_out(
    context: Context, tmp_path: Path
) -> None:
    (tmp_path / "step").mkdir()
    (tmp_path / "step" / "x").write_text("good")
    tree, _ = keep_folder(context.store, tmp_path, "step", 100, tmp_path)
    context.store.put(blob_key(hashlib.sha256(b"good").hexdigest()), b"rotten")
    with pytest.raises(ValueError, match="something else"):
        write_tree(context.store, tree, tmp_path / "back")
