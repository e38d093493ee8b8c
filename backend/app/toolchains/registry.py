"""The toolchains of this installation."""

import shutil
from collections.abc import Mapping

from app.core.images import image_for
from app.core.settings import Settings
from app.executors.process import PATH
from app.toolchains.base import Toolchain
from app.toolchains.icarus import Icarus
from app.toolchains.librelane.offer import OffersSource
from app.toolchains.librelane.toolchain import LibreLane

#: The toolchain of each type of job.
DEFAULTS = {"simulation": "icarus", "build": "librelane"}


def make_toolchains(settings: Settings, offers: OffersSource = tuple) -> dict[str, Toolchain]:
    """Return the toolchains by name; `offers` tells what workers have to build with."""
    toolchains: tuple[Toolchain, ...] = (Icarus(), LibreLane(settings, offers))
    return {toolchain.name: toolchain for toolchain in toolchains}


def ready_toolchains(settings: Settings) -> tuple[str, ...]:
    """Return the toolchains whose programs this worker has. LibreLane's has to be asked."""
    if settings.executor == "docker":
        has_icarus = image_for(settings.docker_images, Icarus.name) is not None
    else:
        has_icarus = shutil.which("iverilog", path=PATH) is not None
    return (Icarus.name,) if has_icarus else ()


def default_toolchain(toolchains: Mapping[str, Toolchain], job_type: str) -> Toolchain:
    """Return the toolchain for a `job_type`; KeyError if there is none."""
    return toolchains[DEFAULTS[job_type]]
