"""A real Prometheus scrapes a real API, and an alert fires that is true and ends."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from app.core.settings import Settings
from app.executors.scripted import ScriptedExecutor
from app.jobs.context import Context
from app.jobs.presence import Reporter
from tests.jobs.factories import make_job
from tests.monitoring.prometheus import ask, results, running
from tests.servers import free_port
from tests.system.server import served
from tests.system.workers import wait_until

TOKEN = "a token of the monitoring"


def _firing(url: str) -> set[str]:
    alerts = [one for one in ask(url, "alerts").get("alerts", []) if one["state"] == "firing"]
    return {str(one["labels"]["alertname"]) for one in alerts}


def _value(url: str, query: str) -> float | None:
    found = results(url, query)
    return float(found[0]["value"][1]) if found else None


@pytest.mark.slow
@pytest.mark.system
def test_an_alert_fires_while_it_is_true(context: Context, tmp_path: Path) -> None:
    make_job(context.database)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with (
        served(_watched(context.settings)) as api,
        running(folder, {"a6hub-api": api}, TOKEN) as url,
    ):
        wait_until(lambda: _value(url, "up") == 1, "Prometheus has scraped")
        wait_until(
            lambda: _value(url, 'a6hub_jobs{job_type="simulation",status="pending"}') == 1,
            "it knows the job",
        )
        wait_until(lambda: "A6hubNoWorkers" in _firing(url), "the alert fires")
        assert "A6hubApiDown" not in _firing(url)
        reporter = Reporter("host:1", ScriptedExecutor())
        reporter.report(context.database)
        wait_until(lambda: "A6hubNoWorkers" not in _firing(url), "the alert ends")


@pytest.mark.slow
@pytest.mark.system
def test_an_api_that_is_gone_is_told(tmp_path: Path) -> None:
    with running(tmp_path, {"a6hub-api": f"127.0.0.1:{free_port()}"}, TOKEN) as url:
        wait_until(lambda: "A6hubApiDown" in _firing(url), "the alert fires")


def _watched(settings: Settings) -> Settings:
    return settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
