import os
from pathlib import Path

import pytest

from app.executors.base import Outcome
from app.executors.folders import remove, walk
from app.executors.watches import DiskWatch, disk_usage


def _nest(folder: Path, name: str, levels: int) -> None:
    """Make folders in folders, deeper than a path can name."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=here)  # pathlib knows no dir_fd
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)


def test_deep_folders(tmp_path: Path) -> None:
    _nest(tmp_path, "d", 1500)
    assert sum(1 for _ in walk(tmp_path)) == 1501
    remove(tmp_path / "d")
    assert list(tmp_path.iterdir()) == []


def test_folders_too_deep_to_measure_count_as_full(tmp_path: Path) -> None:
    _nest(tmp_path, "d" * 200, 30)
    assert DiskWatch([tmp_path], 1 << 30).verdict() is Outcome.DISK_FULL
    remove(tmp_path / ("d" * 200))
    assert DiskWatch([tmp_path], 1 << 30).verdict() is None


def test_folder_that_may_not_be_entered_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").touch()
    (tmp_path / "a" / "b").chmod(0)
    remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_removing_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    remove(tmp_path / "link")
    assert [path.name for path in tmp_path.rglob("*")] == ["kept", "file"]


def test_removing_nothing(tmp_path: Path) -> None:
    remove(tmp_path / "none")


def test_full_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.executors.watches.RESERVE_BYTES", 1 << 60)
    assert DiskWatch([tmp_path], 1 << 30).verdict() is Outcome.DISK_FULL


def test_folder_that_has_gone_is_empty(tmp_path: Path) -> None:
    assert disk_usage(tmp_path / "none", 10) == (0, 0)
