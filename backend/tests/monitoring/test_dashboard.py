"""Each query of the dashboard and of the alerts, asked of a real Prometheus after real jobs."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from app.jobs.context import Context
from app.models import JobStatus
from tests.monitoring.prometheus import ask, results, running
from tests.monitoring.test_files import expressions, panels
from tests.servers import free_port
from tests.system.lab import ENDLESS, SHORT, Lab
from tests.system.server import served
from tests.system.workers import wait_until, worker

TOKEN = "a token of the monitoring"
#: Queries that find nothing after these jobs, by what they ask for.
_EMPTY = {
    "a6hub_steps_restored_total": "nothing was interrupted, so no step was restored",
    "a6hub_attempt_cache_lookups_total": "there was no build, whose steps are kept by content",
}


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_query_finds_something(redis_context: Context, tmp_path: Path) -> None:
    lab, folder = Lab(redis_context), tmp_path / "prometheus"
    folder.mkdir()
    address = f"127.0.0.1:{free_port()}"
    watched = {"A6HUB_METRICS_TOKEN": TOKEN, "A6HUB_WORKER_METRICS": address}
    settings = redis_context.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    with (
        served(settings) as api,
        worker(settings, tmp_path / "log", **watched),
        running(folder, {"a6hub-api": api, "a6hub-worker": address}, TOKEN) as url,
    ):
        wait_until(lambda: len(results(url, "up == 1")) == 2, "both are scraped")
        lab.wait_for_output(lab.simulate(ENDLESS))
        lab.wait_for(lab.simulate(SHORT), JobStatus.COMPLETED)
        lab.wait_for(lab.simulate("module tb; nonsense"), JobStatus.FAILED)
        _wait_for_results(url)
        assert {one["health"] for one in _rules(url)} == {"ok"}
        assert len(_rules(url)) == len({one["name"] for one in _rules(url)}) > 10


def _wait_for_results(url: str) -> None:
    """Wait until each query that should has found something, at one time or another."""
    left = [one for one in expressions() if not any(name in one for name in _EMPTY)]

    def is_done() -> bool:
        left[:] = [one for one in left if not results(url, one)]
        return not left

    try:
        wait_until(is_done, "each query finds something", 120)
    finally:
        assert left == []


def _rules(url: str) -> list[dict[str, str]]:
    return [rule for group in ask(url, "rules")["groups"] for rule in group["rules"]]


def test_each_panel_has_a_query_that_finds_something() -> None:
    for panel in panels():
        asked = [target["expr"] for target in panel["targets"]]
        assert any(name not in one for one in asked for name in _EMPTY), panel["title"]
