"""The ways to have LibreLane, and which one of them this worker has.

- In an environment: Python packages on the worker (A6HUB_FLOW_PYTHON), shown to jobs as they lie.
- In an image: that of A6HUB_DOCKER_IMAGES for `librelane`, with all its tools. Nothing of the
  worker is shown to jobs but the PDK.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from app.core.images import image_for
from app.core.settings import Settings
from app.executors.base import Mount
from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import Catalog
from app.toolchains.librelane.environment import InEnvironment
from app.toolchains.librelane.image import InImage

_NOT_SET_UP = (
    "This worker has no LibreLane: A6HUB_FLOW_PYTHON has to name the Python of an environment with "
    "it, or A6HUB_DOCKER_IMAGES an image (docs/builds.md)."
)


class Installation(Protocol):
    """A LibreLane, as commands need it."""

    @property
    def python(self) -> Path:
        """LibreLane's Python."""
        ...

    @property
    def program(self) -> tuple[str, ...]:
        """The beginning of LibreLane's command line."""
        ...

    def environment(self) -> dict[str, str]:
        """Return the variables that it needs."""
        ...

    def mounts(self) -> tuple[Mount, ...]:
        """Return what a job has to see of the worker besides the PDK, read-only."""
        ...

    def identity(self) -> Mapping[str, str]:
        """Return what has to be the same for the same results, by what it is: 'image', ..."""
        ...

    def ask(self, command: tuple[str, ...]) -> bytes:
        """Return what a command of a6hub's own prints there, without a job.

        Raises OSError or subprocess.SubprocessError.
        """
        ...

    def catalog_text(self) -> bytes:
        """Return the catalog as LibreLane tells it; raises as ask() does."""
        ...

    def catalog(self) -> Catalog:
        """Return what LibreLane has there, asked once; BadInputError when it does not answer."""
        ...


def find_installation(settings: Settings) -> Installation:
    """Return this worker's LibreLane; BadInputError says what is missing."""
    way, image = settings.librelane, image_for(settings.docker_images, "librelane")
    in_images = settings.executor == "docker"
    if way == "image" or (way == "auto" and in_images and settings.flow_python is None):
        if image is None or not in_images:
            raise BadInputError("toolchain", _NOT_SET_UP)
        return InImage(image, settings)
    if settings.flow_python is None:
        raise BadInputError("toolchain", _NOT_SET_UP)
    if not settings.flow_python.exists():
        raise BadInputError("toolchain", f"{settings.flow_python} does not exist. {_NOT_SET_UP}")
    return InEnvironment(settings.flow_python.absolute(), (image or "") if in_images else "")
