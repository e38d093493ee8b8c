"""A build of LibreLane's Classic, played back to a real worker: seen live, stopped, killed, gone on.

All its steps are real ones, with the names, metrics and times of a real run; only the tools are
not there. The player ends with an error if it goes on from another state than was recorded.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.jobs.cancel import request_cancel
from app.jobs.counting import OTHER
from app.jobs.earlier import kept_steps
from app.jobs.offers import offered
from app.jobs.tallies import read_tallies, tally
from app.models import Job, JobStatus
from app.toolchains.librelane.step_names import readable_name
from tests.api.problems import assert_problem
from tests.jobs.factories import job_of, status_of
from tests.replay.installation import Replay
from tests.system.databases import ON_POSTGRESQL, ON_SQLITE
from tests.system.lab import FAST, Lab
from tests.system.peers import collector
from tests.system.workers import Worker, wait_until, worker

pytestmark = pytest.mark.system
TOP = "module top; endmodule\n"
#: Whatever the recording, it has this many steps and more.
EARLY, MIDDLE, LATE = 12, 35, 60


class Site:
    """A worker that plays, a client, and builds to look at."""

    def __init__(self, lab: Lab, replay: Replay, running: Worker, client: TestClient) -> None:
        self.lab = lab
        self.replay = replay
        self.worker = running
        self.client = client

    def build(self, hold: int | None = None) -> int:
        """Submit a build; return when it is at the step to be held."""
        self.hold(hold)
        job_id = self.lab.build(TOP, flow="Classic")
        if hold is not None:
            self.wait_at(job_id, hold)
        return job_id

    def hold(self, place: int | None) -> None:
        self.replay.set(hold=None if place is None else self.replay.steps[place])

    def wait_at(self, job_id: int, place: int) -> None:
        name = readable_name(self.replay.steps[place])
        # In this order: a question to the database costs less than one to the API.
        wait_until(partial(self.has_kept, job_id, place), f"all before {name} is kept")
        wait_until(partial(self.is_at, job_id, place), f"the build is at {name}")

    def is_at(self, job_id: int, place: int) -> bool:
        steps = self.job(job_id)["steps"]
        return len(steps) > place and steps[place]["status"] == "running"

    def has_kept(self, job_id: int, count: int) -> bool:
        with self.lab.database.reading() as session:
            kept = kept_steps(session, job_id)
            attempt = session.get_one(Job, job_id).attempt
        own = kept is not None and kept.attempt.attempt == attempt
        return count == 0 or (kept is not None and own and len(kept.steps) >= count)

    def job(self, job_id: int) -> dict[str, Any]:
        job: dict[str, Any] = self.client.get(f"/api/v1/jobs/{job_id}").json()
        return job

    def status(self) -> dict[str, Any]:
        url = f"/api/v1/builds/{self.lab.project.id}/build/status"
        status: dict[str, Any] = self.client.get(url).json()
        return status

    def ended_as(self, job_id: int, status: JobStatus) -> dict[str, Any]:
        wait_until(lambda: status_of(self.lab.database, job_id).is_terminal, "the build ends")
        job = self.job(job_id)
        assert job["status"] == status, job["message"]
        return job

    def played(self, job_id: int, attempt: int = 1) -> int:
        """How many steps an attempt has really run."""
        return self.lab.log(job_id, attempt).count(b"\nRunning '")


@pytest.fixture
def site(lab: Lab, replay: Replay, tmp_path: Path) -> Iterator[Site]:
    settings = lab.context.settings
    environment = FAST | replay.environment
    with worker(settings, tmp_path / "log", **environment) as running, lab.client() as client:
        wait_until(lambda: offered(lab.context) != [], "the worker has told what it has")
        yield Site(lab, replay, running, client)
    replay.set()  # nothing is held any more


def test_a_build_is_seen_live_to_its_end(site: Site) -> None:
    job_id = site.build(hold=MIDDLE)
    job, count = site.job(job_id), len(site.replay.steps)
    statuses = [step["status"] for step in job["steps"]]
    assert statuses == ["completed"] * MIDDLE + ["running"] + ["pending"] * (count - MIDDLE - 1)
    assert site.status()["current_step"] == job["steps"][MIDDLE]["name"]
    site.hold(None)
    job = site.ended_as(job_id, JobStatus.COMPLETED)
    assert site.status()["current_step"] == "Build Complete"
    assert [step["status"] for step in job["steps"]] == ["completed"] * count
    assert job["verdict"] == "clean"


@ON_SQLITE
def test_a_build_that_is_cancelled_can_be_gone_on_with(site: Site) -> None:
    whole = site.ended_as(site.build(), JobStatus.COMPLETED)
    job_id = site.build(hold=LATE)
    request_cancel(site.lab.context, site.lab.user, job_id)
    site.ended_as(job_id, JobStatus.CANCELLED)
    site.hold(None)
    answer = site.client.post(f"/api/v1/jobs/{job_id}/restart", json={})
    assert answer.status_code == 201, answer.text
    assert answer.json()["continues"] == job_id
    new = site.ended_as(answer.json()["id"], JobStatus.COMPLETED)
    assert new["metrics"] == whole["metrics"]
    assert site.played(new["id"]) == len(site.replay.steps) - LATE


@ON_POSTGRESQL
def test_a_killed_build_goes_on_where_it_was(site: Site) -> None:
    whole = site.ended_as(site.build(), JobStatus.COMPLETED)
    job_id = site.build(hold=MIDDLE)
    site.worker.kill_pool_processes()
    wait_until(lambda: len(site.lab.outcomes(job_id)) == 2, "the second attempt begins")
    site.hold(None)
    job = site.ended_as(job_id, JobStatus.COMPLETED)
    assert site.lab.outcomes(job_id) == ["lost", "completed"]
    assert site.played(job_id, 2) == len(site.replay.steps) - MIDDLE
    assert job["metrics"] == whole["metrics"]
    assert [step["step"] for step in job["steps"]] == site.replay.steps


@ON_SQLITE
def test_each_step_is_traced_and_counted_once_by_the_attempt_that_did_it(
    lab: Lab, replay: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with collector() as taken:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": taken.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        environment = FAST | replay.environment | told
        with (
            worker(lab.context.settings, tmp_path / "log", **environment) as running,
            lab.client(otlp_endpoint=taken.url) as client,
        ):
            wait_until(lambda: offered(lab.context) != [], "the worker has told what it has")
            site = Site(lab, replay, running, client)
            job_id = site.build(hold=MIDDLE)
            running.kill_pool_processes()
            wait_until(lambda: len(lab.outcomes(job_id)) == 2, "the second attempt begins")
            site.hold(None)
            site.ended_as(job_id, JobStatus.COMPLETED)
            wait_until(lambda: len(taken.named("attempt")) == 2, "both attempts are told of")
    spans, (lost, done) = taken.spans(), taken.named("attempt")
    first = [span.name for span in spans if span.parent == lost.id]
    second = [span.name for span in spans if span.parent == done.id]
    assert first == replay.steps[: MIDDLE + 1]
    assert second == [*replay.steps[MIDDLE:], "storing"]
    tally(lab.database, (), timedelta(0))
    with lab.database.reading() as session:
        counted = read_tallies(session)
    assert counted["steps_restored", OTHER] == MIDDLE


@ON_SQLITE
def test_a_finished_build_is_begun_again_at_a_chosen_step_and_ended_at_another(site: Site) -> None:
    job_id = site.build()
    site.ended_as(job_id, JobStatus.COMPLETED)
    begin, end = site.replay.steps[EARLY], site.replay.steps[MIDDLE]
    body = {"from": begin.upper(), "to": end, "variables": {"CLOCK_PERIOD": 12.5}}
    answer = site.client.post(f"/api/v1/jobs/{job_id}/restart", json=body)
    assert answer.status_code == 201, answer.text
    new = site.ended_as(answer.json()["id"], JobStatus.COMPLETED)
    assert new["config"]["variables"] == {"DESIGN_NAME": "top", "CLOCK_PERIOD": 12.5}
    assert [step["step"] for step in new["steps"]] == site.replay.steps[: MIDDLE + 1]
    assert site.played(new["id"]) == MIDDLE + 1 - EARLY
    assert new["message"].startswith(f"Stopped after {readable_name(end)}, as asked.")


@ON_POSTGRESQL
def test_a_step_that_the_flow_has_not_is_refused_at_once(site: Site) -> None:
    job_id = site.build()
    site.ended_as(job_id, JobStatus.COMPLETED)
    answer = site.client.post(f"/api/v1/jobs/{job_id}/restart", json={"from": "Yosys.Synthesys"})
    problem = assert_problem(answer, 422, "body.from")
    assert "Did you mean 'Yosys.Synthesis'?" in problem["detail"]


@ON_SQLITE
def test_a_build_cannot_begin_after_what_has_not_finished(site: Site) -> None:
    job_id = site.build(hold=EARLY)
    request_cancel(site.lab.context, site.lab.user, job_id)
    site.ended_as(job_id, JobStatus.CANCELLED)
    body = {"from": site.replay.steps[MIDDLE]}
    new = site.client.post(f"/api/v1/jobs/{job_id}/restart", json=body).json()
    job = site.ended_as(new["id"], JobStatus.FAILED)
    assert job["reason"] == "bad_input"
    assert "has not finished; begin there or before" in job["message"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@ON_POSTGRESQL
def test_a_build_that_is_killed_in_each_of_its_steps_ends_the_same(
    lab: Lab, replay: Replay, tmp_path: Path
) -> None:
    settings, count = lab.context.settings, len(replay.steps)
    many = {**FAST, **replay.environment, "MAX_ATTEMPTS": str(2 * count)}
    # The API's upkeep looks after the same machine.
    with (
        worker(settings, tmp_path / "log", "--concurrency=1", **many) as running,
        lab.client(max_attempts=2 * count) as client,
    ):
        wait_until(lambda: offered(lab.context) != [], "the worker has told what it has")
        site = Site(lab, replay, running, client)
        whole = site.ended_as(site.build(), JobStatus.COMPLETED)
        job_id = site.build(hold=0)
        for place in range(count):
            site.wait_at(job_id, place)
            running.kill_pool_processes()
            site.hold(place + 1 if place + 1 < count else None)
        job = site.ended_as(job_id, JobStatus.COMPLETED)
    assert site.lab.outcomes(job_id) == ["lost"] * count + ["completed"]
    assert job["metrics"] == whole["metrics"]
    assert [step["step"] for step in job["steps"]] == replay.steps
    assert job_of(lab.database, job_id).verdict == "clean"
