"""What the process beside a worker tells Prometheus."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr, ValidationError

from app.core.settings import Settings
from app.jobs.meters import PROCESS
from app.workers.metrics import WorkFolder, serve_metrics
from tests.servers import PLAIN, free_port

TOKEN = "a token of the monitoring"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        metrics_token=SecretStr(TOKEN),
        worker_metrics=("127.0.0.1", free_port()),
    )


@pytest.fixture
def url(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    settings.work_dir.mkdir()
    folders: list[WorkFolder] = []
    monkeypatch.setattr(PROCESS, "register", folders.append)  # it is one for all tests
    server = serve_metrics(settings)
    assert server is not None
    assert [type(one) for one in folders] == [WorkFolder]
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def _get(url: str, token: str) -> httpx2.Response:
    return httpx2.get(
        url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, verify=PLAIN
    )


def test_who_has_the_token_is_told(url: str) -> None:
    answer = _get(f"{url}/metrics", TOKEN)
    assert answer.status_code == 200
    assert "a6hub_upkeep_rounds_total" in answer.text


def test_others_are_not(url: str) -> None:
    answer = _get(f"{url}/metrics", "wrong")
    assert answer.status_code == 401
    assert "a6hub_" not in answer.text
    assert _get(f"{url}/", TOKEN).status_code == 404


def test_a_second_worker_goes_without(url: str, settings: Settings) -> None:
    assert serve_metrics(settings) is None
    assert _get(f"{url}/metrics", TOKEN).status_code == 200


def test_the_disk_of_the_jobs(tmp_path: Path) -> None:
    found = {metric.name: metric.samples[0].value for metric in WorkFolder(tmp_path).collect()}
    assert 0 <= found["a6hub_work_disk_free_bytes"] < found["a6hub_work_disk_bytes"]
    assert found["a6hub_work_folders"] == 0
    assert not [*WorkFolder(tmp_path / "not yet").collect()]


@pytest.mark.parametrize("address", ["9808", ":9808", "host:", "host:0", "host:99999", "host:x"])
def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("A6HUB_METRICS_TOKEN", TOKEN)
    monkeypatch.setenv("A6HUB_WORKER_METRICS", address)
    with pytest.raises(ValidationError, match="such as 127"):
        Settings()


def test_an_address_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A6HUB_WORKER_METRICS", "127.0.0.1:9808")
    with pytest.raises(ValidationError, match="needs A6HUB_METRICS_TOKEN"):
        Settings()
    monkeypatch.setenv("A6HUB_METRICS_TOKEN", TOKEN)
    assert Settings().worker_metrics == ("127.0.0.1", 9808)
