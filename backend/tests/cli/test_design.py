"""Which files of a folder belong to the design."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from app.cli.design import TooLargeError, design_files, pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("top.v", "rtl/a.v", "runs/RUN_1/final.gds", ".secret", ".cache/x", "build/out.o"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)


def test_a_plain_folder(folder: Path) -> None:
    assert design_files(folder) == ["build/out.o", "rtl/a.v", "top.v"]


def test_in_a_repository_git_knows(folder: Path) -> None:
    _git(folder, "init")
    (folder / ".gitignore").write_text("build/\nruns/\n.secret\n.cache/\n")
    _git(folder, "add", "top.v", "rtl")
    (folder / "rtl/a.v").unlink()
    (folder / "new.v").touch()
    assert design_files(folder) == [".gitignore", "new.v", "top.v"]


def test_a_folder_within_a_repository(folder: Path) -> None:
    _git(folder, "init")
    assert design_files(folder / "rtl") == ["a.v"]


def test_the_archive_holds_them(folder: Path) -> None:
    target = io.BytesIO()
    assert pack(folder, target) == 3
    target.seek(0)
    with tarfile.open(fileobj=target) as archive:
        assert archive.getnames() == ["build/out.o", "rtl/a.v", "top.v"]


def test_what_is_too_large_for_a_design_is_not_packed(tmp_path: Path) -> None:
    with (tmp_path / "film.bin").open("wb") as file:
        file.truncate(3 << 30)
    packed = io.BytesIO()
    with pytest.raises(TooLargeError, match=r"3\.2 GB in 1 files"):
        pack(tmp_path, packed)
    assert packed.getvalue() == b""
