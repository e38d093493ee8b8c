"""Whether Redis is set up as a broker has to be."""

from dataclasses import dataclass

import redis
from redis.exceptions import ResponseError


@dataclass(frozen=True)
class Setting:
    """One of Redis's settings: what it is, and what to do about it if it is wrong."""

    name: str
    value: str
    advice: str

    @property
    def well(self) -> bool:
        """Whether nothing has to be done."""
        return not self.advice


#: Setting -> what it has to be, and why.
_WANTED = {
    "maxmemory-policy": ("noeviction", "Any other policy throws queued jobs' messages away"),
    "appendonly": ("yes", "Without it a restart loses all messages, which the relay has to resend"),
}


def broker_settings(client: "redis.Redis") -> list[Setting]:
    """Look at Redis's settings; raises the broker's errors."""
    return [_look(client, name, *wanted) for name, wanted in _WANTED.items()]


def _look(client: "redis.Redis", name: str, wanted: str, why: str) -> Setting:
    try:
        value = str(dict(client.config_get(name)).get(name))
    except ResponseError:
        return Setting(name, "not known", f"Redis does not tell; it has to be {wanted}. {why}.")
    return Setting(name, value, "" if value == wanted else f"{why}: CONFIG SET {name} {wanted}")
