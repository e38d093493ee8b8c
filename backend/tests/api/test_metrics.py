"""`/metrics`: only with the token; counts that are right; nothing that users have named."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from obstore.exceptions import BaseError as StoreError
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.api.application import create_app
from app.core.settings import Settings
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.jobs.holds import begin_maintenance, drain
from app.jobs.metrics import InstallationCollector
from app.jobs.outcomes import Ending
from app.jobs.presence import Reporter
from app.jobs.present_metrics import MOST_USERS
from app.jobs.states import finish
from app.jobs.tallied_metrics import MOST_TOTALS
from app.jobs.tallies import tally
from app.models import JobStatus, JobType, Tally
from app.storage.blobs import put_blob
from tests.api.problems import assert_problem
from tests.jobs.factories import claim_job, job_of, make_job, make_project, make_user

TOKEN = "a token of the monitoring"
Samples = dict[tuple[str, ...], float]


@contextmanager
def _served(settings: Settings) -> Iterator[TestClient]:
    """Serve without the upkeep, which would count and sweep meanwhile."""
    app = create_app(settings)
    yield TestClient(app, raise_server_exceptions=False)
    app.state.context.close()


@pytest.fixture
def watched(context: Context) -> Iterator[TestClient]:
    """A client with the token, of an API that has it set."""
    settings = context.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    with _served(settings) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield client


def _scrape(client: TestClient) -> Samples:
    """Return the values by name and labels, in the order of their names."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
    }


def test_nothing_is_told_while_no_token_is_set(context: Context) -> None:
    with _served(context.settings) as client:
        problem = assert_problem(client.get("/metrics"), 404)
    assert "A6HUB_METRICS_TOKEN" in problem["detail"]


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \xe9"]
)
def test_nothing_is_told_for_another_token(watched: TestClient, given: str) -> None:
    answer = watched.get("/metrics", headers={b"Authorization": given.encode("latin-1")})
    assert "a6hub_" not in answer.text
    assert_problem(answer, 401)


def test_jobs_that_wait_and_run(watched: TestClient, context: Context) -> None:
    ada = make_user(context.database)
    for _ in range(3):
        make_job(context.database, job_type=JobType.BUILD, user=ada)
    claim_job(context.database, make_job(context.database))
    found = _scrape(watched)
    assert found["a6hub_jobs", "build", "pending"] == 3
    assert found["a6hub_jobs", "build", "running"] == 0
    assert found["a6hub_jobs", "simulation", "running"] == 1
    assert found["a6hub_users", "build", "pending"] == 1
    assert found["a6hub_busiest_user_jobs", "build", "pending"] == 3
    assert found["a6hub_oldest_pending_seconds", "build"] > 0
    assert found["a6hub_oldest_pending_seconds", "simulation"] == 0
    assert found["a6hub_workers", "there"] == 0
    assert found["a6hub_attempts_total", "simulation", "lost", "worker_lost"] == 0


def test_what_each_user_has(watched: TestClient, context: Context) -> None:
    users = [make_user(context.database, f"user-{number}") for number in range(MOST_USERS + 2)]
    for user in [*users, *users[1:]]:  # the first has the fewest
        make_job(context.database, user=user, job_type=JobType.BUILD)
    found = {key: value for key, value in _scrape(watched).items() if key[0] == "a6hub_user_jobs"}
    assert len(found) == MOST_USERS
    assert set(found.values()) == {2}
    assert ("a6hub_user_jobs", "build", "pending", str(users[0].id)) not in found


def test_totals_of_users_are_bounded(watched: TestClient, context: Context) -> None:
    """Those who have most are told, and who has jobs now, however little that one had."""
    working = make_user(context.database)
    make_job(context.database, user=working)
    with context.database.writing() as session:
        for place in range(MOST_TOTALS + 2):
            labels = json.dumps([str(working.id + place)], separators=(",", ":"))
            session.add(Tally(name="user_run_seconds", labels=labels, value=1.0 + place))
    name = "a6hub_user_run_seconds_total"
    found = {key[1]: value for key, value in _scrape(watched).items() if key[0] == name}
    assert len(found) == MOST_TOTALS + 1
    assert found[str(working.id)] == 1.0
    assert str(working.id + 1) not in found


def test_what_is_held_back(watched: TestClient, context: Context) -> None:
    before = _scrape(watched)
    assert (before["a6hub_workers_held",], before["a6hub_maintenance_seconds",]) == (0, 0)
    Reporter("host:1", ScriptedExecutor()).report(context.database)
    drain(context.database, "host:1")
    begin_maintenance(context.database, "")
    after = _scrape(watched)
    assert after["a6hub_workers_held",] == 1
    assert after["a6hub_maintenance_seconds",] > 0


def test_content_that_the_store_had_already(watched: TestClient, context: Context) -> None:
    hit, miss = (("a6hub_cache_lookups_total", "content", result) for result in ("hit", "miss"))
    before = _scrape(watched)
    for _ in range(3):
        put_blob(context.store, b"the same")
    after = _scrape(watched)
    assert (after[miss] - before[miss], after[hit] - before[hit]) == (1, 2)


def test_errors_of_the_store(watched: TestClient, context: Context) -> None:
    """An object cannot be below another one; one that is missing is no error of the store."""
    context.store.put("file", b"")
    name, operation = "a6hub_store_errors_total", "get"
    before = _scrape(watched)
    for key in ("file/below", "missing"):
        with pytest.raises((StoreError, FileNotFoundError)):
            context.store.get(key)
    assert _scrape(watched)[name, operation] - before[name, operation] == 1


def test_jobs_that_have_ended(watched: TestClient, context: Context) -> None:
    mine = claim_job(context.database, make_job(context.database))
    with context.database.writing() as session:
        finish(session, mine, Ending(JobStatus.COMPLETED, "done"))
    tally(context.database, (), timedelta(0))
    found = _scrape(watched)
    assert found["a6hub_jobs_ended_total", "simulation", "", "completed"] == 1
    assert found["a6hub_attempts_total", "simulation", "completed", ""] == 1
    assert found["a6hub_run_seconds_count", "simulation"] == 1
    assert found["a6hub_run_seconds_bucket", "simulation", "+Inf"] == 1
    assert found["a6hub_queue_wait_seconds_count", "simulation"] == 1
    assert ("a6hub_user_run_seconds_total", str(_user_of(context, mine.job_id))) in found


def _user_of(context: Context, job_id: int) -> int:
    return job_of(context.database, job_id).user_id


def test_requests_by_route_and_not_by_path(watched: TestClient) -> None:
    route = "/api/v1/jobs/{job_id}"
    name = "a6hub_http_requests_total"
    before = _scrape(watched)
    for path in ("1", "2", "secret-name"):
        watched.get(f"/api/v1/jobs/{path}")
    watched.get("/nowhere/at/all")
    watched.request("INVENTED", "/health/live")
    after = _scrape(watched)
    grown = {key: value - before.get(key, 0) for key, value in after.items() if key[0] == name}
    assert grown[name, "GET", route, "401"] == 3
    assert grown[name, "GET", "none", "404"] == 1
    assert grown[name, "other", "/health/live", "405"] == 1
    assert after["a6hub_http_seconds_count", "GET", route] >= 3
    assert not [key for key in after if "secret-name" in str(key) or "nowhere" in str(key)]


def test_no_label_holds_what_users_have_named(watched: TestClient, context: Context) -> None:
    user = make_user(context.database, "named-by-ada")
    make_project(context.database, user, "named-by-ada")
    make_job(context.database, user=user, toolchain="named-by-ada")
    watched.get("/api/v1/projects/named-by-ada", headers={"X-Request-ID": "named-by-ada"})
    assert "named-by-ada" not in watched.get("/metrics").text


def test_while_the_database_is_away_it_is_a_503(
    watched: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _scrape(watched)["a6hub_outages_total", "database"]
    with monkeypatch.context() as away:
        away.setattr("app.jobs.metrics.read_tallies", _away)
        assert_problem(watched.get("/metrics"), 503)
    assert _scrape(watched)["a6hub_outages_total", "database"] == before + 1


def _away(_: object) -> None:
    raise OperationalError("SELECT 1", {}, Exception("injected"))


def test_a_scrape_is_few_queries_however_many_jobs_there_are(context: Context) -> None:
    def queries() -> list[str]:
        seen: list[str] = []
        engine = context.database.engine

        def note(*given: object) -> None:
            seen.append(str(given[2]))

        event.listen(engine, "before_cursor_execute", note)
        registry = CollectorRegistry()
        registry.register(InstallationCollector(context.database))
        [*registry.collect()]
        event.remove(engine, "before_cursor_execute", note)
        return [text for text in seen if "clock_timestamp" not in text and text != "BEGIN"]

    few = queries()
    for _ in range(20):
        make_job(context.database)
    assert len(queries()) == len(few) == 7
