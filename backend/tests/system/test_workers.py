"""Jobs and the death of their workers: real workers, real simulations, real kills."""

from pathlib import Path

import pytest

from app.core.settings import Settings
from app.jobs.cancel import request_cancel
from app.jobs.context import Context
from app.jobs.logs import read_log
from app.jobs.submit import Request, submit
from app.models import Job, JobStatus, JobType, Project, User
from app.projects.files import put_files
from app.projects.revisions import keep_revision
from app.storage.blobs import put_blob
from app.storage.trees import TreeFile, put_tree
from tests.jobs.factories import attempts_of, job_of, make_project, make_user, status_of
from tests.system.workers import processes_below, wait_until, worker

pytestmark = pytest.mark.system

#: Runs until it is killed.
ENDLESS = """
module tb;
  initial begin
    $display("begun");
    $fflush;
    forever #1 ;
  end
endmodule
"""
SHORT = 'module tb; initial begin $display("begun"); $display("done"); $finish; end endmodule'


class Lab:
    """A project whose jobs a test starts and looks at."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.database = context.database
        self.user: User = make_user(context.database)
        self.project: Project = make_project(context.database, self.user)

    def simulate(self, source: str) -> int:
        with self.database.writing() as session:
            digest = put_blob(self.context.store, source.encode())
            put_files(session, self.project, {"tb.v": (digest, len(source))}, 10)
        request = Request(self.project.id, JobType.SIMULATION, {"top": "tb"})
        return submit(self.context, self.user, request).id

    def wait_for(self, job_id: int, status: JobStatus) -> None:
        wait_until(lambda: status_of(self.database, job_id) is status, f"the job is {status}")

    def wait_for_output(self, job_id: int, attempt: int = 1) -> None:
        wait_until(lambda: b"begun" in self.log(job_id, attempt), "the tool says something")

    def log(self, job_id: int, attempt: int = 1) -> bytes:
        return read_log(self.context.store, job_id, attempt, 0, 1 << 20)

    def outcomes(self, job_id: int) -> list[str | None]:
        return [attempt.outcome for attempt in attempts_of(self.database, job_id)]

    def replace_source(self, job_id: int, source: str) -> None:
        """Have the job's next attempt run something that ends."""
        store = self.context.store
        tree = {"tb.v": TreeFile(put_blob(store, source.encode()), len(source))}
        with self.database.writing() as session:
            revision = keep_revision(session, self.project, put_tree(store, tree))
            session.get_one(Job, job_id).revision_id = revision.id


@pytest.fixture
def lab(redis_context: Context) -> Lab:
    return Lab(redis_context)


@pytest.fixture
def settings(lab: Lab) -> Settings:
    return lab.context.settings


FAST = {"A6HUB_LEASE_SECONDS": "3", "A6HUB_HEARTBEAT_SECONDS": "1", "A6HUB_UPKEEP_SECONDS": "0.5"}


def test_a_job_runs_to_its_end(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    with worker(settings, tmp_path / "log"):
        job_id = lab.simulate(SHORT)
        lab.wait_for(job_id, JobStatus.COMPLETED)
    assert b"done" in lab.log(job_id)
    assert job_of(lab.database, job_id).verdict == "passed"


def test_a_job_submitted_before_there_is_a_worker_runs(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    job_id = lab.simulate(SHORT)
    with worker(settings, tmp_path / "log"):
        lab.wait_for(job_id, JobStatus.COMPLETED)


def test_the_job_of_a_killed_worker_goes_on_with_another(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log1", **FAST) as first:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        lab.replace_source(job_id, SHORT)
        first.kill()
        wait_until(lambda: not processes_below(settings.work_dir), "nothing of it is left")
    with worker(settings, tmp_path / "log2", **FAST):
        lab.wait_for(job_id, JobStatus.COMPLETED)
    assert lab.outcomes(job_id)[-1] == "completed"
    assert len(lab.outcomes(job_id)) == 2
    assert b"begun" in lab.log(job_id, 1)
    assert b"done" in lab.log(job_id, 2)


def test_the_job_of_a_killed_pool_process_comes_back_by_its_lease(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log", **FAST) as running:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        lab.replace_source(job_id, SHORT)
        running.kill_pool_processes()
        lab.wait_for(job_id, JobStatus.COMPLETED)
    assert lab.outcomes(job_id) == ["lost", "completed"]
    assert b"begun" in lab.log(job_id, 1)


def test_a_job_that_is_cancelled_ends_with_its_processes(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log"):
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        request_cancel(lab.context, lab.user, job_id)
        lab.wait_for(job_id, JobStatus.CANCELLED)
        assert processes_below(settings.work_dir) == []


def test_a_worker_that_is_shut_down_hands_its_job_back(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path / "log", WORKER_SHUTDOWN_GRACE_SECONDS="1") as running:
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        running.terminate()
        lab.wait_for(job_id, JobStatus.PENDING)
    assert lab.outcomes(job_id) == ["released"]
    assert processes_below(settings.work_dir) == []


def test_all_jobs_of_a_wiped_redis_run(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    jobs = [lab.simulate(SHORT) for _ in range(5)]
    lab.context.broker.redis.flushall()
    with worker(settings, tmp_path / "log", **FAST):
        for job_id in jobs:
            lab.wait_for(job_id, JobStatus.COMPLETED)
    assert [lab.outcomes(job_id) for job_id in jobs] == [["completed"]] * 5
