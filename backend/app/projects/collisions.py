"""Which names get in each other's way.

A project is worked on at other machines too. macOS and Windows take names that differ only in case
for one; so two such files would be one there, and one of them lost.
"""

import unicodedata
from collections.abc import Iterator


class Tree:
    """The paths of a project or an archive, in Unicode's composed form."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}  # folded: as it is
        self._folders: dict[str, str] = {}

    def problem(self, path: str, *, folder: bool = False) -> str | None:
        """Return why `path` cannot be added, or None."""
        own = _fold(path)
        if own in self._files:
            return _taken(path, self._files[own], folder)
        if own in self._folders and not folder:
            return f"{path!r} is a folder: something lies in {self._folders[own]!r}."
        for above in _above(own):
            if above in self._files:
                return f"{self._files[above]!r} is a file, so there can be no {path!r}."
        return None

    def add(self, path: str, *, folder: bool = False) -> None:
        """Add a path that has no problem, and the folders above it."""
        own = _fold(path)
        (self._folders if folder else self._files)[own] = path
        for above, name in zip(_above(own), _above(path), strict=True):
            self._folders.setdefault(above, name)


def _taken(path: str, other: str, folder: bool) -> str:
    if folder:
        return f"{other!r} is a file, so there can be no folder {path!r}."
    if path == other:
        return "is there twice; names are compared in Unicode's composed form."
    return f"{path!r} and {other!r} differ only in case: on macOS and Windows they are one file."


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())


def _above(path: str) -> Iterator[str]:
    """Yield the folders in which a path lies."""
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)
