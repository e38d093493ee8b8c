"""Traces of real jobs, as a collector is sent them: whole, nested, in order, whatever dies."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from app.core.settings import Settings
from app.jobs.queries import steps_of
from app.models import Job, JobStatus
from tests.servers import free_port
from tests.system.lab import ENDLESS, FAST, SHORT, Lab
from tests.system.peers import Collector, Span, collector
from tests.system.server import api
from tests.system.workers import PATIENCE, wait_until, worker

pytestmark = pytest.mark.system
_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
#: A client's own trace.
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ROUTE = "/api/v1/simulations/{project_id}/simulation"
OFTEN = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector to which all processes that are started send."""
    with collector() as found:
        _send_to(monkeypatch, found.url)
        yield found


def _send_to(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "A6HUB_LOG_JSON": "1", "NO_PROXY": "*", **OFTEN}
    for name, value in told.items():
        monkeypatch.setenv(name, value)


def _submit(lab: Lab, url: str, source: str, **headers: str) -> int:
    """Have the API take a simulation, and return the job."""
    lab.put(source)
    answer = httpx2.post(
        f"{url}{ROUTE.format(project_id=lab.project.id)}",
        json={"config": {"top": "tb"}},
        headers={"Authorization": f"Bearer {lab.log_in()}", **headers},
        trust_env=False,
        timeout=PATIENCE,
    )
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def _parts(spans: list[Span], whole: Span) -> list[str]:
    return [span.name for span in spans if span.parent == whole.id]


def _one(spans: list[Span], name: str) -> Span:
    (found,) = (span for span in spans if span.name == name)
    return found


@_SQLITE
def test_one_trace_from_the_request_to_the_steps(
    lab: Lab, settings: Settings, taken: Collector, tmp_path: Path
) -> None:
    with api(settings, tmp_path / "api") as (_, url), worker(settings, tmp_path / "worker"):
        job_id = _submit(lab, url, SHORT, traceparent=PARENT)
        lab.wait_for(job_id, JobStatus.COMPLETED)
        wait_until(lambda: len(taken.named("attempt")) == 1, "the attempt is told of")
        httpx2.get(f"{url}/api/v1/projects/secret-name", trust_env=False, timeout=PATIENCE)
    spans = [span for span in taken.spans() if span.trace == PARENT.split("-")[1]]
    request, submit = _one(spans, f"POST {ROUTE}"), _one(spans, "submit")
    attempt, queue = _one(spans, "attempt"), _one(spans, "queue")
    assert request.parent == PARENT.split("-")[2]
    assert _parts(spans, request) == ["submit"]
    assert _parts(spans, submit) == ["queue", "attempt"]
    assert _parts(spans, attempt) == ["compile", "run", "storing"]
    assert len(spans) == 7
    for whole in spans:
        for part in spans:
            if part.parent == whole.id and whole is not submit and whole is not request:
                assert whole.began <= part.began <= part.ended <= whole.ended
    assert queue.ended == attempt.began
    compiled, ran, stored = (_one(spans, name) for name in ("compile", "run", "storing"))
    assert compiled.ended <= ran.began + 10_000_000  # each is timed by a clock of its own
    assert ran.ended <= stored.began + 10_000_000
    assert request.attributes["http.response.status_code"] == 201
    assert request.attributes["user.id"] == lab.user.id
    assert submit.attributes["a6hub.job.id"] == job_id
    assert (attempt.attributes["a6hub.attempt"], attempt.attributes["a6hub.outcome"]) == (
        1,
        "completed",
    )
    assert ran.attributes["a6hub.step.exit_code"] == 0
    assert {span.service for span in spans} == {"a6hub-api", "a6hub-worker"}
    assert not [span for span in taken.spans() if "secret-name" in str(span)]
    for log in ("api", "worker"):
        assert attempt.trace in _values(tmp_path / log, "trace")


def _values(log: Path, name: str) -> set[str]:
    """Return the values that a field has in lines of a log."""
    text = [line for line in log.read_text().splitlines() if line[:1] == "{"]
    return {str(found[name]) for line in text if name in (found := json.loads(line))}


@_POSTGRESQL
def test_an_attempt_that_was_killed_and_the_next_are_in_the_same_trace(
    lab: Lab, settings: Settings, taken: Collector, tmp_path: Path
) -> None:
    with (
        api(settings, tmp_path / "api") as (_, url),
        worker(settings, tmp_path / "worker", **FAST) as running,
    ):
        job_id = _submit(lab, url, ENDLESS)
        lab.wait_for_output(job_id)
        wait_until(lambda: _is_running(lab, job_id), "its step is known")
        lab.replace_source(job_id, SHORT)
        running.kill_pool_processes()
        lab.wait_for(job_id, JobStatus.COMPLETED)
        wait_until(lambda: len(taken.named("attempt")) == 2, "both are told of")
    spans = taken.spans()
    lost, done = taken.named("attempt")
    assert [lost.attributes["a6hub.outcome"], lost.attributes["a6hub.attempt"]] == ["lost", 1]
    assert [done.attributes["a6hub.outcome"], done.attributes["a6hub.attempt"]] == ["completed", 2]
    assert (lost.failed, done.failed) == (True, False)
    submit = _one(spans, "submit")
    assert {lost.trace, done.trace} == {submit.trace}
    assert _parts(spans, submit) == ["queue", "attempt", "queue", "attempt"]
    assert "run" in _parts(spans, lost)
    first_wait, second_wait = taken.named("queue")
    assert lost.ended == second_wait.began
    assert first_wait.ended == lost.began < second_wait.ended == done.began


def _is_running(lab: Lab, job_id: int) -> bool:
    with lab.database.reading() as session:
        return "run" in [step.step for step in steps_of(session, session.get_one(Job, job_id))]


@_SQLITE
def test_a_job_does_not_wait_for_a_collector_that_is_away(
    lab: Lab, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _send_to(monkeypatch, f"http://127.0.0.1:{free_port()}")
    with api(settings, tmp_path / "api") as (_, url), worker(settings, tmp_path / "w") as running:
        jobs = [_submit(lab, url, SHORT) for _ in range(3)]
        for job_id in jobs:
            lab.wait_for(job_id, JobStatus.COMPLETED)
        assert running.terminate() == 0
