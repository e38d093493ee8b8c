"""The images of the allow-list: which are there, and getting those that are not.

For operators alone (`./a6hub images`): no job ever makes the engine fetch anything.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import docker

from app.executors.docker.engine import Engine, EngineError, NoImageError, engine_errors

#: How long a registry may be silent, in seconds.
_SILENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Image:
    """An image of the allow-list."""

    name: str
    reference: str
    present: bool

    @property
    def can_be_pulled(self) -> bool:
        """Whether it has a name that a registry knows."""
        return "@" in self.reference


def find_images(host: str, images: Mapping[str, str]) -> Iterator[Image]:
    """Yield the allowed images. Raises EngineError."""
    with Engine(host) as engine:
        for name, reference in images.items():
            yield Image(name, reference, _is_there(engine, reference))


def pull(host: str, reference: str, tell: Callable[[str], None]) -> None:
    """Fetch an image from its registry, which the engine checks by its digest.

    `tell` is told of the progress, seldom. Raises EngineError.
    """
    with engine_errors(host), closing(docker.APIClient(host, timeout=_SILENCE_SECONDS)) as client:
        for said in client.pull(reference, stream=True, decode=True):
            if "error" in said:
                raise EngineError(f"{reference} was not fetched: {said['error']}")
            if "progressDetail" not in said or not said["progressDetail"]:
                tell(_words(said))


def _is_there(engine: Engine, reference: str) -> bool:
    try:
        engine.image_volumes(reference)
    except NoImageError:
        return False
    return True


def _words(said: Mapping[str, Any]) -> str:
    return f"{said.get('id', '')} {said.get('status', '')}".strip()
