"""A Redis that is set up wrongly is found out."""

import pytest

from app.jobs.broker_settings import broker_settings
from app.jobs.context import Context

pytestmark = pytest.mark.system


def test_wrong_settings_are_named_with_advice(redis_context: Context) -> None:
    """The tests' Redis has no append-only file, which is one of the mistakes."""
    client = redis_context.broker.redis
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        found = {setting.name: setting for setting in broker_settings(client)}
        assert not found["maxmemory-policy"].well
        assert "noeviction" in found["maxmemory-policy"].advice
        assert "appendonly yes" in found["appendonly"].advice
    finally:
        client.config_set("maxmemory-policy", "noeviction")
    assert {s.name: s.well for s in broker_settings(client)}["maxmemory-policy"]


def test_a_redis_that_does_not_tell_is_not_taken_to_be_well(redis_context: Context) -> None:
    client = redis_context.broker.redis
    client.acl_setuser("shy", enabled=True, nopass=True, commands=["+ping"])
    try:
        shy = client.__class__.from_url(
            redis_context.settings.broker_url, username="shy", password=""
        )
        assert {setting.value for setting in broker_settings(shy)} == {"not known"}
        shy.close()
    finally:
        client.acl_deluser("shy")
