"""Rounds of the upkeep."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from app.executors.base import IsAlive
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.jobs.patience import outages_met
from app.jobs.upkeep import Upkeep
from app.jobs.workdir import labels_of
from app.models import JobStatus
from tests.jobs.factories import claim_job, make_job, status_of


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


def test_a_round_that_fails_for_an_outage_counts_as_one(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep = Upkeep(context)

    def fail() -> None:
        upkeep._closing.set()
        raise OperationalError("SELECT 1", {}, Exception("injected"))

    monkeypatch.setattr(upkeep, "round", fail)
    before = outages_met["database"]
    upkeep.run()
    assert outages_met["database"] == before + 1


def test_upkeep_stops_when_told(context: Context) -> None:
    upkeep = Upkeep(context)
    upkeep.start()
    upkeep.close()
