"""What a build is done with: a LibreLane and a PDK."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.settings import Settings
from app.executors.base import Mount
from app.toolchains.base import BadInputError
from app.toolchains.librelane.installation import Installation, find_installation
from app.toolchains.librelane.pdks import Pdk, choose_pdk, find_pdks
from app.toolchains.librelane.start import ENVIRONMENT
from app.toolchains.librelane.versions import read_versions

_NO_ROOT = "This worker has no PDKs: A6HUB_PDK_ROOT has to name the folder where they are."
#: LibreLane's own name for how many threads its tools begin.
_PROCESSORS = "_OPENLANE_MAX_CORES"
#: What attempts.tools holds.
_MOST_WORDS = 255


@dataclass(frozen=True)
class Equipment:
    """See the module."""

    installation: Installation
    pdk: Pdk
    #: How many processors the job may use; None: all that it sees.
    processors: int | None = None

    @classmethod
    def of(cls, settings: Settings, config: Mapping[str, Any]) -> "Equipment":
        """Return what this worker has for a job's config. Raises BadInputError."""
        installation, pdks = find_installation(settings), installed_pdks(settings)
        wanted = config.get("pdk"), config.get("pdk_version")
        pdk = choose_pdk(pdks, config["flow"], *wanted, settings.pdk)
        return cls(installation, pdk, _processors(settings))

    @property
    def command(self) -> tuple[str, ...]:
        """The beginning of the command line."""
        pdk = ("--manual-pdk", "--pdk-root", str(self.pdk.root), "--pdk", self.pdk.name)
        return (*self.installation.program, *pdk)

    @property
    def environment(self) -> dict[str, str]:
        """The command's variables."""
        own = {_PROCESSORS: str(self.processors)} if self.processors else {}
        return {**ENVIRONMENT, **own, **self.installation.environment()}

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """What the command has to see of the worker."""
        return (*self.installation.mounts(), self.pdk.mount())

    def in_words(self) -> str:
        """Return what has to be the same to go on with what was begun."""
        parts = [f"{what} {word}" for what, word in self.installation.identity().items()]
        return ", ".join([*parts, f"{self.pdk.name} {self.pdk.version}"])[:_MOST_WORDS]

    def details(self, workdir: Path) -> dict[str, Any]:
        """Return, as JSON, what it takes to repeat a build that has run."""
        pdk = self.pdk
        return {
            "installation": dict(self.installation.identity()),
            "pdk": {"name": pdk.name, "version": pdk.version, "source": pdk.source},
            "versions": read_versions(workdir),
        }


def _processors(settings: Settings) -> int | None:
    """Return how many a container gets: it sees all, and a thread for each would be too many."""
    if settings.executor != "docker":
        return None
    return max(1, min(round(settings.docker_cpus), os.cpu_count() or 1))


def installed_pdks(settings: Settings) -> list[Pdk]:
    """Return this worker's PDKs. Raises BadInputError."""
    if settings.pdk_root is None:
        raise BadInputError("toolchain", _NO_ROOT)
    try:
        return find_pdks(settings.pdk_root)
    except OSError as error:
        raise BadInputError("toolchain", f"The PDKs cannot be read: {error}. {_NO_ROOT}") from None
