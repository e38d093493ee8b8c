"""Maintenance and drains with real workers: they leave messages to others."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.settings import Settings
from app.jobs.broker import Broker
from app.jobs.cancel import request_cancel
from app.jobs.context import Context
from app.jobs.holds import begin_maintenance, drain, end_maintenance
from app.jobs.presence import workers
from app.jobs.requeue import requeue
from app.models import JobStatus
from tests.jobs.factories import job_of, status_of
from tests.servers import RedisServer
from tests.system.databases import ON_POSTGRESQL, ON_SQLITE
from tests.system.lab import ENDLESS, SHORT, Lab
from tests.system.workers import processes_below, wait_until, worker

pytestmark = pytest.mark.system
STOPPED = b"jobs are held back"


def names(lab: Lab) -> list[str]:
    with lab.database.reading() as session:
        return [one.report.name for one in workers(session)]


@ON_SQLITE
def test_in_maintenance_workers_take_no_messages(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    job_id = lab.simulate(SHORT)
    begin_maintenance(lab.database, "New disks.")
    with worker(settings, log):
        wait_until(lambda: STOPPED in log.read_bytes(), "it takes no messages")
        assert status_of(lab.database, job_id) is JobStatus.PENDING
        assert lab.outcomes(job_id) == []
        end_maintenance(lab.database)
        lab.wait_for(job_id, JobStatus.COMPLETED)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", durable=True)
    server.start()
    yield server
    server.stop()


@ON_POSTGRESQL
def test_a_worker_that_finds_redis_again_still_takes_no_messages(
    context: Context, own_redis: RedisServer, tmp_path: Path
) -> None:
    settings = context.settings.model_copy(update={"celery_broker_url": own_redis.url})
    lab = Lab(replace(context, settings=settings, broker=Broker(settings)))
    log, job_id = tmp_path / "log", lab.simulate(SHORT)
    begin_maintenance(lab.database, "New disks.")
    with worker(settings, log):
        wait_until(lambda: b"Connected to redis" in log.read_bytes(), "it is there")
        wait_until(lambda: STOPPED in log.read_bytes(), "it takes no messages")
        own_redis.kill()
        own_redis.start()
        wait_until(lambda: log.read_bytes().count(b"Connected to redis") > 1, "it is back")
        wait_until(lambda: lab.context.broker.waiting("simulation") == 1, "a message waits")
        assert lab.outcomes(job_id) == []
        end_maintenance(lab.database)
        lab.wait_for(job_id, JobStatus.COMPLETED)
    lab.context.broker.redis.close()


@ON_POSTGRESQL
def test_a_drained_worker_finishes_what_runs_and_leaves_the_rest_to_others(
    lab: Lab, settings: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "first"
    with worker(settings, log) as first:
        running = lab.simulate(ENDLESS)
        lab.wait_for_output(running)
        wait_until(lambda: len(names(lab)) == 1, "it tells of itself")
        [name] = names(lab)
        drain(lab.database, name)
        wait_until(lambda: STOPPED in log.read_bytes(), "it takes no messages")
        with lab.database.reading() as session:
            assert [one.jobs for one in workers(session)] == [(running,)]
        waiting = lab.simulate(SHORT)
        with worker(settings, tmp_path / "second"):
            lab.wait_for(waiting, JobStatus.COMPLETED)
        assert not (job_of(lab.database, waiting).worker or "").startswith(f"{name}/")
        request_cancel(lab.context, lab.user, running)
        lab.wait_for(running, JobStatus.CANCELLED)
        assert first.terminate() == 0
    assert names(lab) == []


@ON_SQLITE
def test_a_job_is_taken_from_a_stuck_worker(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    with worker(settings, tmp_path / "log", A6HUB_HEARTBEAT_SECONDS="1"):
        job_id = lab.simulate(ENDLESS)
        lab.wait_for_output(job_id)
        lab.replace_source(job_id, SHORT)
        requeue(lab.context, job_id)
        lab.wait_for(job_id, JobStatus.COMPLETED)
        wait_until(lambda: not processes_below(settings.work_dir), "its tools are gone")
    assert lab.outcomes(job_id) == ["released", "completed"]
