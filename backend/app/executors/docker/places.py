"""From a path on the worker to the path under which the engine knows the same folder.

On the engine's machine both are the same. A worker in a container has its work folder, and whatever
else jobs shall see, in volumes, and is told their names (A6HUB_DOCKER_VOLUMES); where a volume lies
is asked of the engine, never guessed. So one way of mounting, a bind, serves in both situations and
with every engine. The two others that were weighed:

- A mount of a volume's subfolder needs no answer from the engine, but an engine of version 26.
- The copy API works everywhere, but copies all sources and results of each command, shows no
  progress while a command runs, and makes the worker unpack archives made in a hostile container.
"""

import os
from collections.abc import Callable
from pathlib import Path

#: Returns where the engine keeps the volume of that name.
Mountpoint = Callable[[str], str]


class UnfitError(Exception):
    """The command cannot be run in a container here; the text says why."""


def engine_path(path: Path, volumes: tuple[tuple[str, Path], ...], mountpoint: Mountpoint) -> str:
    """Return where the engine finds `path`. Raises UnfitError."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  # pathlib keeps '..'
    if not volumes:
        return str(absolute)
    holding = [pair for pair in volumes if absolute.is_relative_to(pair[1])]
    if not holding:
        raise UnfitError(
            f"{path} lies in no volume that A6HUB_DOCKER_VOLUMES names, so the container engine "
            "cannot show it to jobs. Put it into one, or add the one that it is in."
        )
    volume, folder = max(holding, key=lambda pair: len(pair[1].parts))
    root = volume if volume.startswith("/") else mountpoint(volume)
    return os.path.normpath(Path(root, absolute.relative_to(folder)))
