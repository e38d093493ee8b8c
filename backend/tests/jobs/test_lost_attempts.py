"""Attempts that are no more, and the work folders of dead processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.core.memory import MemoryKills
from app.jobs.claims import Claim
from app.jobs.context import Context
from app.jobs.logs import read_log
from app.jobs.lost_attempts import clear_dead_attempts, reap_expired
from app.jobs.workdir import WorkDir
from app.models import JobStatus
from tests.jobs.factories import attempts_of, claim_job, make_job, status_of


def test_expired_attempts_are_reaped_and_others_not(context: Context) -> None:
    dead, alive = make_job(context.database), make_job(context.database)
    claim_job(context.database, dead, lease=-1)
    claim_job(context.database, alive)
    reap_expired(context.database, max_attempts=3)
    assert status_of(context.database, dead) is JobStatus.PENDING
    assert status_of(context.database, alive) is JobStatus.RUNNING


#: Takes what the upkeep clears away; says so, and waits to be killed.
HOLDER = """
import sys
from pathlib import Path
from app.jobs.workdir import WorkDir, labels_of
folder = WorkDir(Path(sys.argv[1]))
with folder.held():
    folder.log.write_bytes(b"so far")
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held(folder: WorkDir) -> Iterator["subprocess.Popen[str]"]:
    """Have a process work on an attempt."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def folder_of(context: Context, attempt: Claim) -> WorkDir:
    return WorkDir.of(context.settings.work_dir, attempt)


def test_the_job_of_a_killed_process_waits_again_and_its_log_is_kept(context: Context) -> None:
    attempt = claim_job(context.database, make_job(context.database))
    folder = folder_of(context, attempt)
    with held(folder) as process:
        clear_dead_attempts(context, MemoryKills())
        assert status_of(context.database, attempt.job_id) is JobStatus.RUNNING
        process.kill()
    clear_dead_attempts(context, MemoryKills())
    assert status_of(context.database, attempt.job_id) is JobStatus.PENDING
    assert [a.reason for a in attempts_of(context.database, attempt.job_id)] == ["worker_lost"]
    assert read_log(context.store, attempt.job_id, 1, 0, 100) == b"so far"
    assert list(context.settings.work_dir.iterdir()) == []


def test_a_process_that_was_killed_for_memory_is_known_as_that(context: Context) -> None:
    attempt = claim_job(context.database, make_job(context.database))
    with held(folder_of(context, attempt)) as process:
        process.kill()
    kills = MemoryKills()
    kills._seen = -1  # the machine has killed nobody; here it has
    clear_dead_attempts(context, kills)
    assert [a.reason for a in attempts_of(context.database, attempt.job_id)] == ["out_of_memory"]


def test_the_folder_of_a_living_process_that_lost_its_lease_stays_its_own(context: Context) -> None:
    attempt = claim_job(context.database, make_job(context.database), lease=-1)
    folder = folder_of(context, attempt)
    with held(folder) as process:
        reap_expired(context.database, max_attempts=3)
        clear_dead_attempts(context, MemoryKills())
        assert folder.root.is_dir()
        process.communicate()
    assert list(context.settings.work_dir.iterdir()) == []


def test_a_lock_without_a_folder_says_nothing_of_a_running_job(context: Context) -> None:
    """So it is for a moment when an attempt begins."""
    attempt = claim_job(context.database, make_job(context.database))
    folder = folder_of(context, attempt)
    folder.root.parent.mkdir()
    folder.lock.touch()
    clear_dead_attempts(context, MemoryKills())
    assert status_of(context.database, attempt.job_id) is JobStatus.RUNNING
    assert folder.lock.exists()


def test_a_dead_folder_stays_while_its_log_cannot_be_stored(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = claim_job(context.database, make_job(context.database))
    with held(folder_of(context, attempt)) as process:
        process.kill()

    def away(*_: object) -> None:
        raise ConnectionError("injected")

    with monkeypatch.context() as patch:
        patch.setattr("app.jobs.lost_attempts.store_rest", away)
        clear_dead_attempts(context, MemoryKills())
    assert status_of(context.database, attempt.job_id) is JobStatus.PENDING
    assert folder_of(context, attempt).root.is_dir()
    clear_dead_attempts(context, MemoryKills())
    assert read_log(context.store, attempt.job_id, 1, 0, 100) == b"so far"


def test_a_folder_deeper_than_python_recurses_is_removed(context: Context) -> None:
    attempt = claim_job(context.database, make_job(context.database))
    folder = folder_of(context, attempt)
    with folder.held():
        here = os.open(folder.root, os.O_RDONLY)
        for _ in range(3000):
            os.mkdir("d", dir_fd=here)
            here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
            os.close(above)
        os.close(here)
    assert list(context.settings.work_dir.iterdir()) == []
