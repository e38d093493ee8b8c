"""What kind of engine it is, as far as safety depends on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.executors.docker.engine import Engine


@dataclass(frozen=True)
class Facts:
    """What an engine says of itself."""

    cpus: int
    limits_memory: bool
    limits_processes: bool
    seccomp: bool
    rootless: bool
    user_namespaces: bool

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> "Facts":
        """Read the answer to GET /info."""
        words = {word for option in info["SecurityOptions"] or () for word in option.split(",")}
        rootless = "name=rootless" in words
        return cls(
            cpus=info["NCPU"],
            limits_memory=bool(info["MemoryLimit"]),
            limits_processes=bool(info["PidsLimit"]),
            seccomp="name=seccomp" in words and "profile=unconfined" not in words,
            rootless=rootless,
            user_namespaces=rootless or "name=userns" in words,
        )


def is_filtered(engine: Engine) -> bool:
    """Return whether something before the engine refuses a container that would be root's."""
    body = {
        "Image": "a6hub/there-is-no-such-image",
        "HostConfig": {"Privileged": True, "Binds": ["/:/host"]},
    }
    return engine.forbids(body)
