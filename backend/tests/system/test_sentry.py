"""Faults of a6hub's own in real processes, as Sentry is sent them."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import delete, update

from app.core.settings import Settings
from app.models import Job, JobStatus, Tally
from tests.jobs.factories import make_job
from tests.system.lab import Lab
from tests.system.peers import Sentry, sentry
from tests.system.server import api
from tests.system.workers import PATIENCE, wait_until, worker

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sentry]:
    """A Sentry whose address is a secret in a file."""
    (tmp_path / "secrets").mkdir()
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.setenv("NO_PROXY", "*")
    with sentry() as found:
        (tmp_path / "secrets" / "sentry_dsn").write_text(found.dsn)
        yield found


def _kind(event: dict[str, object]) -> str:
    return str(event["exception"]["values"][-1]["type"])  # type: ignore[index]  # JSON


def test_a_worker_and_its_upkeep(
    lab: Lab, settings: Settings, told: Sentry, tmp_path: Path
) -> None:
    job_id = make_job(lab.database, user=lab.user)  # its files are not in the store
    with worker(settings, tmp_path / "log", A6HUB_UPKEEP_SECONDS="0.5"):
        lab.wait_for(job_id, JobStatus.FAILED)
        wait_until(lambda: bool(told.with_tag("part", "worker")), "the attempt's fault is told")
        with lab.database.writing() as session:
            session.execute(delete(Tally))
        wait_until(lambda: bool(told.with_tag("part", "upkeep")), "the upkeep's fault is told")
    (event,) = told.with_tag("job", str(job_id))
    assert _kind(event) == "FileNotFoundError"
    assert (event["tags"]["attempt"], event["user"]) == ("1", {"id": str(lab.user.id)})
    assert [_kind(one) for one in told.with_tag("part", "upkeep")] == ["NoResultFound"]
    _assert_nothing_private(told)


def test_a_request(lab: Lab, settings: Settings, told: Sentry, tmp_path: Path) -> None:
    job_id = make_job(lab.database, user=lab.user)
    with lab.database.writing() as session:
        session.execute(update(Job).values(config="customers-own"))  # which is no mapping
    token = lab.log_in()
    headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "of-the-test"}
    with api(settings, tmp_path / "log") as (_, url):
        ours, theirs = (
            httpx2.get(
                f"{url}/api/v1/jobs/{number}", headers=headers, trust_env=False, timeout=PATIENCE
            )
            for number in (job_id, 12345)
        )
        wait_until(lambda: bool(told.events()), "it is told")
    assert (ours.status_code, theirs.status_code) == (500, 404)
    (event,) = told.events()
    tags = {"part": "api", "request": "of-the-test", "user": str(lab.user.id)}
    assert event["tags"] == tags
    _assert_nothing_private(told, token)


def _assert_nothing_private(told: Sentry, *secrets: str) -> None:
    sent = b"".join(one.body for one in told.peer.requests)
    for secret in ("customers-own", "ada", "vars", *secrets):
        assert f'"{secret}"'.encode() not in sent
        assert len(secret) < 8 or secret.encode() not in sent
