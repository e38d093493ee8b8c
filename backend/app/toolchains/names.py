"""Checking the words of a config that reach a tool's command line.

Every function returns the checked value or raises BadInputError that names the field.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from app.toolchains.base import BadInputError

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_$]{0,254}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
#: Printable ASCII without what a shell, a Verilog string or a macro would take for its own.
_VALUE = re.compile(r"[ !#%-\[\]^_a-~]{0,1000}")
_PLUSARG = re.compile(r"[!#%-\[\]^_a-~]{1,1000}")
_MOST_ITEMS = 10_000


def known_keys(config: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse a key that is not `known`, naming the nearest that is."""
    for key in config:
        if key not in known:
            raise BadInputError(
                f"config.{key}", f"There is no such setting. {_nearest(key, known)}"
            )


def _nearest(key: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(str(key).lower(), known, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Known are: {', '.join(sorted(known))}."


def identifier(field: str, value: Any) -> str:
    """Check the name of a Verilog module."""
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise BadInputError(
            field, f"{value!r} is not a module's name: letters, digits, _ and $, no digit first."
        )
    return value


def file_list(field: str, value: Any, paths: Collection[str]) -> list[str]:
    """Check a list of files, each of which has to be one of `paths`."""
    files = [_file(field, item, paths) for item in _strings(field, value)]
    if not files:
        raise BadInputError(field, "The list is empty; name at least one file, or leave it out.")
    return files


def _file(field: str, path: str, paths: Collection[str]) -> str:
    path = relative_path(field, path)
    if path not in paths:
        near = difflib.get_close_matches(path, paths, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BadInputError(field, f"The project has no file {path!r}.{hint}")
    return path


def folder_list(field: str, value: Any, paths: Iterable[str]) -> list[str]:
    """Check a list of folders, each of which holds at least one of `paths`; '.' is the project."""
    folders = [relative_path(field, item) for item in _strings(field, value)]
    existing = folders_of(paths)
    for folder in folders:
        if folder not in existing:
            raise BadInputError(field, f"The project has no folder {folder!r}.")
    return folders


def folders_of(paths: Iterable[str]) -> set[str]:
    """Return '.' and every folder above one of `paths`."""
    folders = {"."}
    for path in paths:
        parts = path.split("/")
        folders |= {"/".join(parts[:count]) for count in range(1, len(parts))}
    return folders


def relative_path(field: str, path: str) -> str:
    """Check that a path stays in the project and is nothing that a tool trips over."""
    if path.startswith(("/", "~")):
        raise BadInputError(field, f"{path!r} must be relative to the project.")
    parts = [part for part in path.removeprefix("./").split("/") if part != ""] or ["."]
    if ".." in parts:
        raise BadInputError(field, f"{path!r} must not leave the project.")
    if any(part[0] in "-+@~" for part in parts) or re.search(r'["\\`$\x00-\x1f\x7f]', path):
        raise BadInputError(field, f"{path!r} holds a character that tools do not take; rename it.")
    return "/".join(parts)


def defines(field: str, value: Any) -> dict[str, str]:
    """Check macros: a mapping of names to strings, numbers or booleans (as 1 and 0)."""
    if not isinstance(value, Mapping):
        raise BadInputError(field, "Give a mapping of names to values.")
    return {_macro(field, name): _value(f"{field}.{name}", item) for name, item in value.items()}


def _macro(field: str, name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadInputError(field, f"{name!r} is not a macro's name: letters, digits and _.")
    return name


def _value(field: str, value: Any) -> str:
    text = "" if value is None else str(int(value) if isinstance(value, bool) else value)
    if not isinstance(value, str | int | float | None) or not _VALUE.fullmatch(text):
        raise BadInputError(field, 'A value is a number or printable text without " \\ ` and $.')
    return text


def plusargs(field: str, value: Any) -> list[str]:
    """Check arguments for $test$plusargs and $value$plusargs; the leading + may be left out."""
    items = ["+" + item.removeprefix("+") for item in _strings(field, value)]
    for item in items:
        if not _PLUSARG.fullmatch(item) or item == "+":
            raise BadInputError(
                field, f"{item!r} must be printable text without spaces and quotes."
            )
    return items


def _strings(field: str, value: Any) -> list[str]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise BadInputError(field, "Give a list of texts.")
    if len(items) > _MOST_ITEMS:
        raise BadInputError(field, f"The list has more than {_MOST_ITEMS} items.")
    return items
