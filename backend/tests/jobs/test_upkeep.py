"""Upkeep: election, reaping, dead work folders."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.clock import utcnow
from app.core.memory import MemoryKills
from app.executors.base import IsAlive
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.jobs.logs import read_log
from app.jobs.states import Claim
from app.jobs.upkeep import Upkeep, _Sight, clear_dead_attempts, elect, reap_expired
from app.jobs.workdir import WorkDir, labels_of
from app.models import JobStatus
from tests.jobs.factories import attempts_of, claim_job, make_job, status_of


def test_one_at_a_time_is_elected(context: Context) -> None:
    assert elect(context.database, "jobs", "a", 30)
    assert elect(context.database, "jobs", "a", 30)
    assert not elect(context.database, "jobs", "b", 30)
    assert elect(context.database, "other", "b", 30)


def test_a_dead_holder_is_followed_by_another(context: Context) -> None:
    assert elect(context.database, "jobs", "a", -1)
    assert elect(context.database, "jobs", "b", 30)
    assert not elect(context.database, "jobs", "a", 30)


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


def with_lease(context: Context, seconds: float) -> Context:
    settings = context.settings.model_copy(update={"lease_seconds": seconds})
    return replace(context, settings=settings)


def test_a_round_does_it_all(context: Context) -> None:
    job_id = make_job(context.database)
    claim_job(context.database, job_id, lease=-1)
    Upkeep(with_lease(context, 0.0)).round()
    assert status_of(context.database, job_id) is JobStatus.PENDING


def test_who_has_just_begun_to_see_the_database_does_not_judge_leases(context: Context) -> None:
    job_id = make_job(context.database)
    claim_job(context.database, job_id, lease=-1)
    Upkeep(with_lease(context, 3600.0)).round()
    assert status_of(context.database, job_id) is JobStatus.RUNNING


def test_a_round_has_the_executor_remove_what_is_dead(context: Context) -> None:
    alive = claim_job(context.database, make_job(context.database))
    before = replace(alive, attempt=alive.attempt - 1)
    executor = ScriptedExecutor()
    Upkeep(context, executor).round()
    [is_alive] = executor.swept
    assert [is_alive(labels_of(attempt)) for attempt in (alive, before)] == [True, False]


class Broken(ScriptedExecutor):
    def sweep(self, is_alive: IsAlive) -> None:
        raise RuntimeError("injected")


def test_a_machine_that_cannot_do_its_own_duties_does_the_shared_ones(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = make_job(context.database)
    claim_job(context.database, job_id, lease=-1)

    def fail(*_: object) -> None:
        raise RuntimeError("injected")

    monkeypatch.setattr("app.jobs.upkeep.clear_dead_attempts", fail)
    Upkeep(with_lease(context, 0.0), Broken()).round()
    assert status_of(context.database, job_id) is JobStatus.PENDING


def test_a_dead_folder_stays_while_its_log_cannot_be_stored(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = claim_job(context.database, make_job(context.database))
    with held(folder_of(context, attempt)) as process:
        process.kill()

    def away(*_: object) -> None:
        raise ConnectionError("injected")

    with monkeypatch.context() as patch:
        patch.setattr("app.jobs.upkeep.store_rest", away)
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


def test_after_a_gap_leases_are_not_judged_at_once(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away, did not answer, or the machine slept: nothing raised."""
    now = utcnow()
    times = iter([now, now + timedelta(seconds=31), now + timedelta(seconds=32)])
    sight = _Sight(with_lease(context, 30.0).settings.model_copy(update={"upkeep_seconds": 5.0}))
    monkeypatch.setattr("app.jobs.upkeep.database_now", lambda _: next(times))
    assert [sight.lasts(context.database) for _ in range(3)] == [False, False, False]


def test_after_a_lease_in_sight_leases_are_judged(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utcnow()
    times = iter(now + timedelta(seconds=10 * count) for count in range(4))
    sight = _Sight(with_lease(context, 30.0).settings.model_copy(update={"upkeep_seconds": 5.0}))
    monkeypatch.setattr("app.jobs.upkeep.database_now", lambda _: next(times))
    assert [sight.lasts(context.database) for _ in range(4)] == [False, False, False, True]


def test_upkeep_stops_when_told(context: Context) -> None:
    upkeep = Upkeep(context)
    upkeep.start()
    upkeep.close()
