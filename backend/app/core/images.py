"""How container images and volumes are written in settings."""

import re
from collections.abc import Mapping
from pathlib import Path

#: The image for tools that none is named for.
DEFAULT = "default"
_PINNED = re.compile(r"([a-z0-9][a-z0-9._/:-]*@)?sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SEPARATORS = re.compile(r"[\s,]+")
_HOW = (
    "write NAME=IMAGE with a toolchain's name or `default`, and an image pinned by its digest: "
    "icarus=ghcr.io/example/icarus@sha256:... for one that is pulled, icarus=sha256:... for one "
    "that was built or imported on the engine"
)


def parse_images(value: object) -> Mapping[str, str]:
    """Return images by name, from 'NAME=IMAGE NAME=IMAGE'; ValueError if one is not pinned."""
    if isinstance(value, Mapping):
        pairs = [f"{name}={image}" for name, image in value.items()]
    else:
        pairs = _words(value)
    images: dict[str, str] = {}
    for pair in pairs:
        name, _, image = pair.partition("=")
        if not _NAME.fullmatch(name) or not _PINNED.fullmatch(image):
            raise ValueError(f"{pair!r} names no pinned image: {_HOW}")
        images[name] = image
    return images


def image_for(images: Mapping[str, str], tools: str) -> str | None:
    """Return the image for a family of tools."""
    return images.get(tools) or images.get(DEFAULT)


def digest_of(image: str) -> str:
    """Return the digest by which an image is pinned."""
    return image.rpartition("@")[2]


def parse_volumes(value: object) -> tuple[tuple[str, Path], ...]:
    """Return volumes with their folders in the worker, from 'VOLUME:FOLDER VOLUME:FOLDER'.

    The same words as in the worker's own `docker run --volume`, so VOLUME may also be a folder of
    the engine's machine. Raises ValueError.
    """
    if isinstance(value, tuple):
        return value
    found: list[tuple[str, Path]] = []
    for word in _words(value):
        volume, _, folder = word.partition(":")
        if not volume or not folder.startswith("/") or ":" in folder:
            raise ValueError(f"{word!r} is not of the form VOLUME:/FOLDER/IN/THE/WORKER")
        found.append((volume, Path(folder)))
    return tuple(found)


def parse_folders(value: object) -> tuple[Path, ...]:
    """Return absolute folders, from '/FOLDER /FOLDER'; ValueError if one is not absolute."""
    if isinstance(value, tuple):
        return value
    found = tuple(map(Path, _words(value)))
    for folder in found:
        if not folder.is_absolute():
            raise ValueError(f"{folder} is not absolute")
    return found


def _words(value: object) -> list[str]:
    return [word for word in _SEPARATORS.split(str(value)) if word]
