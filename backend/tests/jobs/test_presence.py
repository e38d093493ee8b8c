"""Workers tell of themselves."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app import __version__
from app.core.clock import utcnow
from app.executors.scripted import ScriptedExecutor
from app.jobs import presence
from app.jobs.context import Context
from app.jobs.presence import Presence, Reporter, workers
from app.jobs.upkeep import Upkeep
from app.models import WorkerReport


def found(context: Context) -> dict[str, Presence]:
    with context.database.reading() as session:
        return {one.report.name: one for one in workers(session)}


def age(context: Context, by: timedelta) -> None:
    with context.database.writing() as session:
        session.execute(update(WorkerReport).values(seen_at=utcnow() - by))


def test_a_worker_is_there_while_its_upkeep_runs(context: Context) -> None:
    upkeep = Upkeep(context, reporter=Reporter("host:1", ScriptedExecutor()))
    upkeep.round()
    assert found(context)["host:1"].is_there
    assert found(context)["host:1"].report.executor == "scripted"
    upkeep.close()
    assert found(context) == {}


def test_a_worker_that_is_started_again_under_its_name_tells_all_anew(context: Context) -> None:
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    with context.database.writing() as session:
        old = {"version": "0.1", "executor": "docker", "started_at": utcnow() - timedelta(hours=9)}
        session.execute(update(WorkerReport).values(old))
    again = Reporter("host:1", ScriptedExecutor())
    again.report(context.database)
    [told] = [one.report for one in found(context).values()]
    assert (told.version, told.executor) == (__version__, "scripted")
    assert utcnow() - told.started_at < timedelta(hours=1)


def test_a_worker_that_tells_nothing_is_away_and_later_forgotten(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "REPORT_SECONDS", 0.0)
    lost, other = (Reporter(name, ScriptedExecutor()) for name in ("host:1", "host:2"))
    lost.report(context.database)
    age(context, timedelta(minutes=5))
    other.report(context.database)
    assert {name: one.is_there for name, one in found(context).items()} == {
        "host:1": False,
        "host:2": True,
    }
    age(context, timedelta(days=2))
    other.report(context.database)
    assert list(found(context)) == ["host:2"]
