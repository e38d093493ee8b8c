"""Reading what a job's programs have made, where it may not be what it seems."""

import os
from pathlib import Path

import pytest

from app.toolchains.files import open_plain, plain_files, read_text


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Another job's run/, while that job runs on the same machine."""
    run = tmp_path / "1-1" / "job" / "run"
    (run / "build" / "01-a").mkdir(parents=True)
    (run / "build" / "01-a" / "secret.v").write_text("secret")
    return run


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "2-1" / "job"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("depth", ["run", "run/build", "run/build/01-a"])
def test_no_part_of_the_way_into_a_job_may_be_a_link(job: Path, victim: Path, depth: str) -> None:
    link = job / depth
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(victim.parent / depth)
    assert read_text(job, "run/build/01-a/secret.v") == ""
    assert read_text(job / "run" / "build", "01-a/secret.v") == ""
    assert list(plain_files(job / "run" / "build")) == []


def test_files_are_found_and_read(job: Path) -> None:
    (job / "run" / "build").mkdir(parents=True)
    (job / "run" / "build" / "a.log").write_text("said")
    assert [found.name for found in plain_files(job / "run" / "build")] == ["a.log"]
    assert read_text(job / "run" / "build", "a.log") == "said"


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "a" * 5000, "", ".", "..", "/a"])
def test_names_that_no_file_has(job: Path, name: str) -> None:
    assert open_plain(job, name) is None


def test_a_name_that_is_no_text_is_left_out(job: Path) -> None:
    Path(os.fsdecode(os.fsencode(job) + b"/odd\xff.txt")).touch()
    (job / "even.txt").touch()
    assert [found.name for found in plain_files(job)] == ["even.txt"]
