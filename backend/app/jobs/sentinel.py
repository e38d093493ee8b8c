"""Redis with Sentinels, which say who the master is now and make another one when it dies.

A broker's address is then `sentinel://:password@host:26379/0;sentinel://...`, as Celery wants it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import redis.asyncio.retry
import redis.asyncio.sentinel
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from app.core.settings import Settings
from app.jobs.redis_tls import tls_options

_PORT = 26379
#: Who is away is not asked again: there are others, and whoever waits is told.
ONCE = Retry(NoBackoff(), 0)
_ONCE_ASYNC = redis.asyncio.retry.Retry(NoBackoff(), 0)


def is_sentinel(url: str) -> bool:
    """Return whether a broker's address names Sentinels."""
    return url.startswith("sentinel://")


def sentinel_options(settings: Settings) -> dict[str, Any]:
    """Return what Celery has to know beside the address; nothing without Sentinels."""
    if not is_sentinel(settings.broker_url):
        return {}
    secret = settings.redis_sentinel_password
    known: dict[str, Any] = {"password": secret.get_secret_value()} if secret else {}
    known |= _tls(settings)
    return {"master_name": settings.redis_master, "sentinel_kwargs": known}


def sentinels(settings: Settings, patience: Mapping[str, float], retry: object) -> dict[str, Any]:
    """Return what `Sentinel` is made of; `patience`: how long everybody has to answer."""
    parts = [urlsplit(one) for one in settings.broker_url.split(";")]
    known = sentinel_options(settings)["sentinel_kwargs"]
    return {
        "sentinels": [(part.hostname or "localhost", part.port or _PORT) for part in parts],
        # redis-py would ask each dead Sentinel eleven times before it asked the next one.
        "sentinel_kwargs": {**patience, **known, "retry": retry},
        "retry": retry,
        "password": unquote(parts[0].password) if parts[0].password else None,
        "db": int(parts[0].path.strip("/") or 0),
        **_tls(settings),
        **patience,
    }


def _tls(settings: Settings) -> dict[str, Any]:
    options = tls_options(settings)
    return {"ssl": True, **options} if options else {}


def master(settings: Settings, patience: Mapping[str, float]) -> "redis.Redis":
    """Return a client of whoever is master at the time of each connection."""
    # Of redis-py's Sentinels only the results are typed.
    asked = Sentinel(**sentinels(settings, patience, ONCE))  # type: ignore[no-untyped-call]
    client: redis.Redis = asked.master_for(settings.redis_master)  # type: ignore[no-untyped-call]
    return client


def why_no_sentinel(settings: Settings, patience: Mapping[str, float]) -> Exception | None:
    """Return what goes wrong when the Sentinels are asked; None if one answers.

    Who asks for the master is told only that none could be found.
    """
    trouble: Exception | None = None
    for one in Sentinel(**sentinels(settings, patience, ONCE)).sentinels:  # type: ignore[no-untyped-call]
        try:
            one.ping()
        except (redis.RedisError, OSError) as error:
            trouble = error
        else:
            return None
        finally:
            one.close()
    return trouble


@asynccontextmanager
async def async_master(
    settings: Settings, patience: Mapping[str, float]
) -> AsyncIterator["redis.asyncio.Redis"]:
    """Do the same for asyncio, for a while: who is asked is hung up on as well."""
    made = redis.asyncio.sentinel.Sentinel
    asked = made(**sentinels(settings, patience, _ONCE_ASYNC))  # type: ignore[no-untyped-call]
    async with AsyncExitStack() as stack:
        for one in asked.sentinels:
            stack.push_async_callback(one.aclose)
        client: redis.asyncio.Redis = asked.master_for(settings.redis_master)
        yield await stack.enter_async_context(aclosing(client))
