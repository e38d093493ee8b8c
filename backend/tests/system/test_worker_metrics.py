"""A real worker tells of its machine while it works."""

from pathlib import Path

import httpx2
import pytest

from app.core.settings import Settings
from app.models import JobStatus
from tests.servers import PLAIN, free_port
from tests.system.lab import ENDLESS, FAST, Lab
from tests.system.workers import wait_until, worker

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
TOKEN = "a token of the monitoring"


def test_attempts_on_a_workers_machine(lab: Lab, settings: Settings, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    told = {"A6HUB_METRICS_TOKEN": TOKEN, "A6HUB_WORKER_METRICS": address}
    with worker(settings, tmp_path / "log", **FAST, **told):
        lab.wait_for_output(lab.simulate(ENDLESS))
        wait_until(lambda: "a6hub_work_folders 1.0" in _told(address), "the attempt is told of")
        assert lab.count(JobStatus.RUNNING) == 1
        assert 'a6hub_upkeep_rounds_total{result="well"}' in _told(address)


def _told(address: str) -> str:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        return httpx2.get(
            f"http://{address}/metrics", headers=headers, trust_env=False, verify=PLAIN
        ).text
    except httpx2.TransportError:  # it starts
        return ""
