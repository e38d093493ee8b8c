import os
from pathlib import Path

import pytest

from app.executors import cgroups
from app.executors.base import Limits, Outcome
from app.executors.cgroups import Group, make_group
from app.executors.procfs import descendants, proportional_bytes, resident_bytes
from app.executors.watches import DiskWatch, disk_usage


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100_000))
    before = disk_usage(tmp_path, 100)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert disk_usage(tmp_path, 100) == (before[0], before[1] + 1)


def test_links_count_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "away").symlink_to("/usr")
    used, entries = disk_usage(tmp_path, 100)
    assert (used < 10_000, entries) == (True, 1)


def test_counting_ends_soon_after_the_most(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}" / "file").touch()
    assert 20 <= disk_usage(tmp_path, 10)[1] < 40


def test_many_empty_files_fill_a_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.executors.watches.MAX_ENTRIES", 5)
    watch = DiskWatch([tmp_path], 1 << 30)
    assert watch.verdict() is None
    for number in range(6):
        (tmp_path / str(number)).touch()
    assert watch.verdict() is Outcome.DISK_FULL


def test_memory_of_a_process_that_has_gone() -> None:
    assert (descendants(2**22 + 1), resident_bytes([2**22 + 1])) == ([], 0)
    assert proportional_bytes([os.getpid()]) > 1 << 20


def _fake_v2(root: Path) -> None:
    root.mkdir()
    (root / "cgroup.controllers").write_text("memory pids")


def test_version_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the kernel: plain files in a plain folder."""
    monkeypatch.setattr(cgroups, "_own_paths", lambda: {"": "/"})
    _fake_v2(tmp_path / "cgroup")
    group = make_group(Limits(1, memory_bytes=1000, processes=7), tmp_path / "cgroup")
    assert group.complete
    [folder] = group.folders
    assert (folder / "memory.max").read_text() == "1000"
    assert (folder / "pids.max").read_text() == "7"
    assert (tmp_path / "cgroup" / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    assert (folder / "cpu.weight").read_text() == "25"
    (folder / "memory.events").write_text("oom 1\noom_kill 1\n")
    (folder / "pids.events").write_text("max 0\n")
    (folder / "memory.peak").write_text("900\n")
    assert group.out_of_memory()
    assert not group.too_many_processes()
    assert group.peak_bytes() == 900


def test_no_control_groups(tmp_path: Path) -> None:
    group = make_group(Limits(1), tmp_path)
    assert group == Group()
    assert not group.complete
    assert not group.out_of_memory()
    assert group.peak_bytes() is None


def test_left_groups_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_own_paths", lambda: {"": "/"})
    _fake_v2(tmp_path / "cgroup")
    left = tmp_path / "cgroup" / "a6hub-4194305-0"
    left.mkdir()
    make_group(Limits(1), tmp_path / "cgroup")
    assert not left.exists()
