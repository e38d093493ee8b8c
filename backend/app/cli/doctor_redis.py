"""The part of `doctor` that looks at Redis: version, settings, and who can reach it."""

from collections.abc import Iterator
from typing import Any

import redis
from redis.exceptions import RedisError, ResponseError

from app.cli.doctor_settings import broker_hosts, is_here
from app.cli.finding import Finding
from app.core.settings import Settings
from app.jobs.broker import BROKER_ERRORS, make_redis
from app.jobs.broker_settings import broker_settings

#: The oldest with which a6hub is tested.
OLDEST = (6, 2)
#: Of the memory that Redis may use; beyond it messages may soon be refused.
FULL = 0.8


def look_at_redis(settings: Settings) -> Iterator[Finding]:
    """Look at the Redis that the settings name. It has to answer."""
    client = make_redis(settings)
    try:
        yield _version(client)
        for setting in broker_settings(client):
            yield Finding(f"redis {setting.name}", setting.well, setting.value, setting.advice)
        yield _memory(client)
        yield _exposure(client, settings)
        yield _encryption(settings)
    except BROKER_ERRORS as error:
        yield Finding("redis", False, str(error), "Start Redis.")
    finally:
        client.close()


def _version(client: "redis.Redis") -> Finding:
    version = str(_info(client, "server").get("redis_version", "not known"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    well = numbers >= OLDEST
    oldest = ".".join(map(str, OLDEST))
    return Finding("redis version", well, version, "" if well else f"Use {oldest} or newer.")


def _memory(client: "redis.Redis") -> Finding:
    info = _info(client, "memory")
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    well = not most or used < FULL * most
    words = f"{used >> 20} MiB used" + (f" of {most >> 20} MiB" if most else "")
    return Finding("redis memory", well, words, "" if well else "Raise Redis's maxmemory.")


def _exposure(client: "redis.Redis", settings: Settings) -> Finding:
    """Say whether whoever reaches Redis may use it, and whether others reach it."""
    if not _is_open(client):
        return Finding("redis password", True, "wanted")
    bound = _config(client, "bind").split()
    alone = bool(bound) and all(is_here(address.lstrip("-")) for address in bound)
    if all(map(is_here, broker_hosts(settings))) and alone:
        return Finding("redis password", True, "none, on loopback alone")
    advice = "Set requirepass in Redis and REDIS_PASSWORD here: it holds job numbers and logs."
    return Finding("redis password", False, "none: whoever reaches it may use it", advice)


def _is_open(client: "redis.Redis") -> bool:
    """Return whether Redis answers somebody who brings no password."""
    known = client.connection_pool.connection_kwargs
    place = {
        name: value
        for name, value in known.items()
        if name in ("host", "port", "socket_timeout") or name.startswith("ssl_")
    }
    if "host" not in place:  # Sentinels know the place
        return not known.get("password")
    encrypted = issubclass(client.connection_pool.connection_class, redis.SSLConnection)
    with redis.Redis(**place, ssl=encrypted) as stranger:
        try:
            stranger.ping()
        except RedisError:  # also if it does not even speak with those whom it does not know
            return False
    return True


def _encryption(settings: Settings) -> Finding:
    """Say whether the way to Redis is encrypted: no fault without, in a network of its own."""
    if settings.redis_is_encrypted:
        return Finding("redis TLS", True, "used")
    here = all(map(is_here, broker_hosts(settings)))
    words = "not needed on this machine" if here else "not used: let nobody else into its network"
    return Finding("redis TLS", True, words)


def _info(client: "redis.Redis", section: str) -> dict[str, Any]:
    try:
        return dict(client.info(section))
    except ResponseError:  # this user may not ask
        return {}


def _config(client: "redis.Redis", name: str) -> str:
    try:
        return str(dict(client.config_get(name)).get(name, ""))
    except ResponseError:
        return ""
