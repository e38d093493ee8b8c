"""The toolchains of this installation."""

from collections.abc import Mapping

from app.core.settings import Settings
from app.toolchains.base import Toolchain
from app.toolchains.icarus import Icarus
from app.toolchains.librelane.toolchain import LibreLane

#: The toolchain that a job of a type gets unless it names one.
DEFAULTS = {"simulation": "icarus", "build": "librelane"}


def make_toolchains(settings: Settings) -> dict[str, Toolchain]:
    """Return the toolchains by name."""
    toolchains: tuple[Toolchain, ...] = (Icarus(), LibreLane(settings))
    return {toolchain.name: toolchain for toolchain in toolchains}


def default_toolchain(toolchains: Mapping[str, Toolchain], job_type: str) -> Toolchain:
    """Return the toolchain for a `job_type`; KeyError if there is none."""
    return toolchains[DEFAULTS[job_type]]
