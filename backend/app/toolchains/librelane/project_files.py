"""Files that a config names: how LibreLane is told of them, and whether the project has them."""

import difflib
import posixpath
from collections.abc import Collection
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from typing import Any

from app.toolchains.librelane.references import in_project, is_reference
from app.toolchains.librelane.types import DIR_PREFIX, split_words
from app.toolchains.names import folders_of

_WILD = frozenset("*?[")
#: Of patterns, which cost a look at every file each.
_MOST_PATTERNS = 200
_MOST_COMPARED = 500
_MOST_LENGTH = 1000
_LEAST_LIKE = 0.5


class ProjectFiles:
    """The files of a revision."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = frozenset(paths)
        self._patterns = 0

    def named_for_librelane(self, value: Any, folder: str = "") -> Any:
        """Return a value with the project's files in it written as LibreLane wants: dir::path.

        `folder` is where the config is that names them: its paths begin there.
        """
        if isinstance(value, str):
            return self._text(value, folder)
        if isinstance(value, list):
            return [self.named_for_librelane(item, folder) for item in value]
        if isinstance(value, dict):
            return {key: self.named_for_librelane(item, folder) for key, item in value.items()}
        return value

    def _text(self, text: str, folder: str) -> Any:
        if is_reference(text):
            return _referring(text, folder)
        if text.startswith(DIR_PREFIX):
            return DIR_PREFIX + _joined(folder, text.removeprefix(DIR_PREFIX))
        found = self._found(text, folder)
        if found is not None:
            return found
        words = [self._found(word, folder) for word in split_words(text)]
        return words if words and None not in words else text

    def _found(self, text: str, folder: str) -> str | None:
        """Return a plain path's name for LibreLane if it is one of the project's."""
        for base in (folder, ""):
            path = _joined(base, text)
            if path in self._paths:
                return DIR_PREFIX + path
        return None

    def problem(self, text: str) -> str | None:
        """Return what is wrong with a path or a pattern in a config; None if it is there."""
        if not text.startswith(DIR_PREFIX):
            return f"The project has no file {text[:200]!r}.{self._hint(text)}"
        path = _joined("", text.removeprefix(DIR_PREFIX))
        if path in self._paths or path in self._folders:
            return None
        if not _WILD & set(path):
            return f"The project has no file {path[:200]!r}.{self._hint(path)}"
        if self._matches(path):
            return None
        return f"No file of the project matches {path[:200]!r}.{self._hint(path)}"

    def _matches(self, pattern: str) -> bool:
        self._patterns += 1
        if self._patterns > _MOST_PATTERNS:
            return True  # so many are not looked at; LibreLane will tell
        parts = pattern.split("/")
        of_same_depth = self._by_depth.get(len(parts), [])
        return len(pattern) <= _MOST_LENGTH and any(_fits(path, parts) for path in of_same_depth)

    @cached_property
    def _by_depth(self) -> dict[int, list[list[str]]]:
        found: dict[int, list[list[str]]] = {}
        for path in self._paths | self._folders:
            parts = path.split("/")
            found.setdefault(len(parts), []).append(parts)
        return found

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(folders_of(self._paths))

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {posixpath.basename(path): path for path in sorted(self._paths)}

    def _hint(self, path: str) -> str:
        near = self._by_name.get(posixpath.basename(path)) or self._most_like(path)
        return f" Did you mean {near!r}?" if near else ""

    def _most_like(self, path: str) -> str | None:
        among = islice(self._by_name.values(), _MOST_COMPARED)
        near = difflib.get_close_matches(path[:200], among, n=1, cutoff=_LEAST_LIKE)
        return near[0] if near else None


def _referring(text: str, folder: str) -> str:
    """Return a reference as LibreLane wants it, whose own folder is the project's, not `folder`."""
    found = in_project(text)
    if found is None:
        return text
    kind, path = found
    joined = _joined(folder, path)
    return f"{DIR_PREFIX}{joined}" if kind == "refg" else f"ref::$DESIGN_DIR/{joined}"


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _fits(path: list[str], pattern: list[str]) -> bool:
    return all(map(fnmatchcase, path, pattern))
