"""Blobs made of files."""

import hashlib
import io
import tempfile
from pathlib import Path

import pytest

from app.jobs.context import Context
from app.storage.blobs import blob_key, get_blob, put_blob_file


class _Changing(io.BytesIO):
    """A file that somebody writes to after it was read to its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        if not piece:
            self.seek(0)
            self.write(b"evil")
            self.seek(0, io.SEEK_END)
        return piece


def test_a_blob_is_what_its_name_says_whatever_happens_to_the_file(context: Context) -> None:
    digest, size = put_blob_file(context.store, _Changing(b"good"), 100, context.settings.data_dir)
    assert (digest, size) == (hashlib.sha256(b"good").hexdigest(), 4)
    assert context.store.get(blob_key(digest)) == b"good"


def test_large_files_are_copied_where_there_is_room(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr("app.storage.blobs._IN_MEMORY", 10)
    digest, size = put_blob_file(context.store, io.BytesIO(b"x" * 100), 100, tmp_path)
    assert (get_blob(context.store, digest), size) == (b"x" * 100, 100)
    assert list(tmp_path.glob("tmp*")) == []
