"""What a job needs of the worker that runs it."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Needs:
    """A toolchain, and for a build what its flow takes; empty where it does not matter.

    `tools` are programs beside LibreLane's own Python packages, `pdk_version` is the beginning of
    one.
    """

    toolchain: str
    flow: str = ""
    pdk: str = ""
    pdk_version: str = ""
    tools: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The text by which jobs that need the same are found; read_needs() takes it back."""
        facts = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))

    def __str__(self) -> str:
        """Return it for people: 'flow Classic, openroad, PDK sky130A 8afc'."""
        flow = [f"flow {self.flow}"] if self.flow else [self.toolchain]
        pdk = [f"PDK {self.pdk} {self.pdk_version}".rstrip()] if self.pdk else []
        version = [f"PDK version {self.pdk_version}"] if self.pdk_version and not pdk else []
        return ", ".join([*flow, *self.tools, *pdk, *version])


_NEEDS: TypeAdapter[Needs] = TypeAdapter(Needs)


@lru_cache(maxsize=1024)
def read_needs(key: str) -> Needs | None:
    """Return the needs whose key this is; None where it is not known what a job needs."""
    facts: Any = json.loads(key) if key else None
    return _NEEDS.validate_python(facts) if facts else None
