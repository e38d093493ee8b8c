"""What is told of an attempt from its rows: its wait, its steps with their own times, storing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.core.settings import Settings
from app.core.tracing import end_tracing, setup_tracing
from app.db.engine import Database
from app.jobs.claims import Claim
from app.jobs.figures import Figures
from app.jobs.outcomes import Ending, Loss, Reason
from app.jobs.states import finish, lose
from app.jobs.traces import trace_attempt
from app.models import Attempt, Job, JobStatus, Step
from tests.jobs.factories import claim_job, job_of, make_job
from tests.system.peers import Collector, Span, collector

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
LOST = Loss(Reason.WORKER_LOST, "gone")


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("app.core.spans.LAST_SECONDS", 60.0)
    with collector() as found:
        setup_tracing(Settings(otlp_endpoint=found.url), "test")
        yield found
        end_tracing()


def _claim(database: Database, traceparent: str | None = PARENT) -> Claim:
    """Begin a job's first attempt, a hundred seconds ago."""
    mine = claim_job(database, make_job(database))
    began = _attempt(database, mine).started_at - timedelta(seconds=100)
    with database.writing() as session:
        session.execute(update(Job).values(traceparent=traceparent, created_at=began - _s(10)))
        session.execute(update(Attempt).values(started_at=began))
    return mine


def _s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def _attempt(database: Database, mine: Claim) -> Attempt:
    with database.reading() as session:
        query = select(Attempt).where(Attempt.job_id == mine.job_id)
        return session.scalars(query.where(Attempt.number == mine.attempt)).one()


def _add_steps(database: Database, mine: Claim, *steps: tuple[str, float, float | None]) -> None:
    """Add steps: name, begin after the attempt's, duration."""
    began = _attempt(database, mine).started_at
    with database.writing() as session:
        for ordinal, (name, after, seconds) in enumerate(steps, start=1):
            place = {"job_id": mine.job_id, "attempt": mine.attempt, "ordinal": ordinal}
            times = {"started_at": began + _s(after), "seconds": seconds}
            status = "failed" if name == "Bad" else "completed"
            session.add(Step(**place, **times, step=name, name=name, status=status))
        session.add(Step(**place | {"ordinal": 99}, step="Never", name="Never", status="pending"))


def _finish(database: Database, mine: Claim) -> None:
    figures = Figures("docker")
    figures.storing_begins()
    with database.writing() as session:
        ending = Ending(JobStatus.COMPLETED, "done")
        assert finish(session, mine, ending, None, figures.as_json())


def _seconds(moment: int, since: datetime) -> float:
    return round(moment / 1e9 - since.timestamp(), 3)


def _of(span: Span, since: datetime) -> tuple[str, float, float]:
    return (span.name, _seconds(span.began, since), _seconds(span.ended, since))


def test_steps_have_the_times_that_the_run_directory_says(
    database: Database, taken: Collector
) -> None:
    mine = _claim(database)
    steps = (("Restored", -50, 20.0), ("Synthesis", 1, 2.5), ("Bad", 4, 0.25), ("Cut", 5, None))
    _add_steps(database, mine, *steps)
    _finish(database, mine)
    trace_attempt(database, mine)
    end_tracing()
    row = _attempt(database, mine)
    assert row.ended_at is not None
    end = (row.ended_at - row.started_at).total_seconds()
    spans = taken.spans()
    (whole,) = (span for span in spans if span.name == "attempt")
    parts = [span for span in spans if span.parent == whole.id]
    assert [_of(span, row.started_at) for span in parts[:3]] == [
        ("Synthesis", 1, 3.5),
        ("Bad", 4, 4.25),
        ("Cut", 5, pytest.approx(end, abs=0.002)),
    ]
    assert [span.name for span in parts[3:]] == ["storing"]
    assert [span.name for span in spans if span.failed] == ["Bad"]
    (wait,) = (span for span in spans if span.name == "queue")
    assert _of(wait, row.started_at) == ("queue", -10, 0)
    assert {whole.parent, wait.parent} == {PARENT.split("-")[2]}


def test_a_second_attempt_waited_from_the_end_of_the_first(
    database: Database, taken: Collector
) -> None:
    first = _claim(database)
    with database.writing() as session:
        lose(session, first, LOST, max_attempts=3)
    trace_attempt(database, first)
    second = claim_job(database, first.job_id)
    _finish(database, second)
    trace_attempt(database, second)
    end_tracing()
    lost, done = taken.named("attempt")
    assert (lost.attributes["a6hub.outcome"], lost.failed) == ("lost", True)
    assert (done.attributes["a6hub.outcome"], done.failed) == ("completed", False)
    assert taken.named("queue")[1].began == lost.ended
    assert {span.trace for span in taken.spans()} == {PARENT.split("-")[1]}


def test_what_was_not_traced_at_its_submission_is_not_traced(
    database: Database, taken: Collector
) -> None:
    mine = _claim(database, traceparent=None)
    trace_attempt(database, mine)  # it runs
    _finish(database, mine)
    trace_attempt(database, mine)
    end_tracing()
    assert taken.spans() == []


def test_a_trace_is_not_worth_a_job(
    database: Database, taken: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = _claim(database)
    _finish(database, mine)
    with monkeypatch.context() as away:
        away.setattr("app.jobs.traces._attempts", lambda *_: 1 / 0)
        trace_attempt(database, mine)
    assert job_of(database, mine.job_id).status == JobStatus.COMPLETED
