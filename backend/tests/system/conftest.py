"""A context whose broker is a real Redis, empty."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.jobs.broker import Broker
from app.jobs.context import Context


@pytest.fixture
def redis_context(context: Context, redis_server: Any) -> Iterator[Context]:
    url = getattr(redis_server, "url", redis_server)
    settings = context.settings.model_copy(update={"celery_broker_url": url})
    with_redis = replace(context, settings=settings, broker=Broker(settings))
    with_redis.broker.redis.flushall()
    yield with_redis
    with_redis.broker.redis.close()
