"""What a proxy says of where a request comes from counts if the server was told of the proxy."""

import httpx2
import pytest

from app.accounts import guard
from app.api import deps
from app.jobs.context import Context
from tests.system.server import served
from tests.system.workers import PATIENCE

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.mark.parametrize(("trusted", "second"), [("127.0.0.1", 401), ("192.0.2.7", 429)])
def test_the_address_behind_a_proxy(
    context: Context, monkeypatch: pytest.MonkeyPatch, trusted: str, second: int
) -> None:
    """Each try says that it comes from elsewhere; only a trusted proxy is believed."""
    monkeypatch.setattr(guard, "PAIR", 1)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", trusted)
    form = {"username": "ada", "password": "wrong"}
    told: list[object] = []
    monkeypatch.setattr(deps, "_tell_of_proxy", told.append)
    with served(context.settings) as address:
        answers = [
            httpx2.post(
                f"{address}/api/v1/auth/login",
                data=form,
                headers={"X-Forwarded-For": f"203.0.113.9, 198.51.100.{number}"},
                trust_env=False,
                timeout=PATIENCE,
            ).status_code
            for number in range(2)
        ]
    assert answers == [401, second]
    assert told == ([] if trusted == "127.0.0.1" else ["127.0.0.1"] * 2)
