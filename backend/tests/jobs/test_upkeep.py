"""Upkeep: election, reaping, dead work folders."""

from app.jobs.context import Context
from app.jobs.logs import read_log
from app.jobs.upkeep import Upkeep, elect, reap_expired, remove_dead_folders
from app.jobs.workdir import WorkDir
from app.models import JobStatus
from tests.jobs.factories import claim_job, make_job, status_of


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


def test_a_dead_attempts_folder_goes_and_its_log_is_kept(context: Context) -> None:
    dead, alive = make_job(context.database), make_job(context.database)
    folders = []
    for job_id, lease in ((dead, -1.0), (alive, 30.0)):
        folder = WorkDir.of(
            context.settings.work_dir, claim_job(context.database, job_id, lease=lease)
        )
        folder.create()
        folder.log.write_bytes(b"so far")
        folders.append(folder.root)
    reap_expired(context.database, max_attempts=3)
    remove_dead_folders(context)
    assert [path.exists() for path in folders] == [False, True]
    assert read_log(context.store, dead, 1, 0, 100) == b"so far"
    assert read_log(context.store, alive, 1, 0, 100) == b""


def test_a_round_does_it_all(context: Context) -> None:
    job_id = make_job(context.database)
    claim_job(context.database, job_id, lease=-1)
    Upkeep(context).round()
    assert status_of(context.database, job_id) is JobStatus.PENDING


def test_upkeep_stops_when_told(context: Context) -> None:
    upkeep = Upkeep(context)
    upkeep.start()
    upkeep.close()
