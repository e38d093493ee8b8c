"""The catalog of an installation, asked once by each process."""

from collections.abc import Hashable
from functools import lru_cache
from subprocess import SubprocessError
from typing import Protocol

from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog.model import Catalog, load_catalog


class Told(Hashable, Protocol):
    """What tells a catalog; equal ones tell the same."""

    def catalog_text(self) -> bytes:
        """Return its text, or raise OSError or SubprocessError."""
        ...


@lru_cache
def catalog_of(told: Told) -> Catalog:
    """Return what LibreLane has there; BadInputError when it does not answer.

    ConnectionError while the engine is away that has to ask it.
    """
    try:
        return load_catalog(told.catalog_text())
    except ConnectionError:
        raise  # an outage: later it may answer
    except (OSError, SubprocessError, ValueError) as error:
        raise BadInputError("toolchain", f"LibreLane does not tell what it has: {error}") from error
