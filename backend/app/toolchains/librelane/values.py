"""Which values LibreLane's variables may have in a job.

A LibreLane config can run code and name any file of the machine. Jobs are confined, so this is not
what keeps the machine safe; it keeps a project from depending on what only one machine has, and
tells so before the build starts.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.toolchains.base import BadInputError
from app.toolchains.librelane.project_files import ProjectFiles
from app.toolchains.librelane.references import is_reference, refers_to, rest_of
from app.toolchains.librelane.variables import MACROS, NAMES, why_refused

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_SECTION = re.compile(r"(pdk|scl)::[A-Za-z0-9_*?\[\]-]{1,100}")
_PREFIX = "dir::"
#: LibreLane splits a text where it wants a list.
_BETWEEN_WORDS = re.compile(r"""[\s,;"'{}]+""")
#: What Tcl takes for its own; brackets may only hold the number of a bit, or two.
_TCL = re.compile(r"[\x00-\x1f\x7f$`;]|\[(?!-?\d+(:-?\d+)?\\?\])")
_HALF = re.compile(r"[\ud800-\udfff]")
_MACRO = re.compile(r"[A-Za-z_][A-Za-z0-9_$.]*(=[!#%&(-:<-\[\]^_a-~\"' ]*)?")
_NAME = re.compile(r"[A-Za-z_\\][A-Za-z0-9_.:/\\\[\]*-]{0,254}")
#: Sections within each other: scl:: in pdk::.
_MOST_SECTIONS = 2
_MOST_DEPTH = 8
_MOST_NUMBER = 1 << 63
_MOST_SHOWN = 100
_MOST_ITEMS = 20_000


def is_variable(key: str) -> bool:
    """Return whether a key is a variable's name or a section for a PDK or cell library."""
    return bool(_VARIABLE.fullmatch(key) or _SECTION.fullmatch(key))


def check_variables(field: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables as LibreLane may have them; BadInputError names one that it may not."""
    budget = [_MOST_ITEMS]
    return {key: _checked(field, key, value, budget) for key, value in variables.items()}


def _checked(within: str, key: Any, value: Any, budget: list[int], depth: int = 0) -> Any:
    field = f"{within}.{ascii(str(key)[:_MOST_SHOWN])[1:-1]}"
    if not isinstance(key, str) or not is_variable(key):
        raise BadInputError(field, "This is not the name of a LibreLane variable.")
    if _SECTION.fullmatch(key):
        if not isinstance(value, Mapping):
            raise BadInputError(field, "Give a mapping of variables.")
        if depth == _MOST_SECTIONS:
            raise BadInputError(field, "Put a section for a library into one for a PDK, no deeper.")
        return {inner: _checked(field, inner, of, budget, depth + 1) for inner, of in value.items()}
    reason = why_refused(key)
    if reason:
        raise BadInputError(field, f"{key} {reason}")
    checked = _value(field, value, budget, 0)
    _check_words(field, key, checked)
    return checked


def _value(field: str, value: Any, budget: list[int], depth: int) -> Any:
    budget[0] -= 1
    if budget[0] < 0 or depth > _MOST_DEPTH:
        raise BadInputError(field, "The config is too large.")
    if isinstance(value, str):
        return _text(field, value)
    if isinstance(value, Mapping):
        return {
            _text(field, str(key)): _value(f"{field}.{key}", item, budget, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_value(field, item, budget, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise BadInputError(field, f"{value} is no number that a variable can have.")
    if isinstance(value, int) and abs(value) > _MOST_NUMBER:
        raise BadInputError(field, "The number is too large.")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise BadInputError(field, f"A {type(value).__name__} is no value for a variable.")


def _text(field: str, text: str) -> str:
    problem = _problem(text)
    if problem:
        raise BadInputError(field, f"{text[:200]!r} {problem}")
    return text


def _problem(text: str) -> str | None:
    if is_reference(text):
        try:
            text = rest_of(text)
        except ValueError as error:
            return str(error)
    for word in _BETWEEN_WORDS.split(text):
        path = word.removeprefix(_PREFIX)
        if path.startswith(("/", "~")):
            return "is an absolute path; name files of the project, as in dir::src/top.v."
        if ".." in path.split("/"):
            return "leaves the project; name files of the project, as in dir::src/top.v."
    if _TCL.search(text):
        return "holds a character that has a meaning of its own in Tcl."
    if _HALF.search(text):
        return "holds half a surrogate pair, which is no character."
    return None


def _check_words(field: str, key: str, value: Any) -> None:
    """Check the words of variables that become parts of scripts and command lines."""
    for text in _texts(value) if key in MACROS or key in NAMES else ():
        if key in NAMES and refers_to(text, NAMES):
            continue
        if key in MACROS and not _MACRO.fullmatch(text):
            raise BadInputError(field, f"{text[:200]!r} is not of the form NAME or NAME=value.")
        is_name = not is_reference(text) and all(
            map(_NAME.fullmatch, text.replace(",", " ").split())
        )
        if key in NAMES and not is_name:
            raise BadInputError(field, f"{text[:200]!r} is not a name.")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)


def name_project_files(
    variables: Mapping[str, Any], files: ProjectFiles, folder: str = ""
) -> dict[str, Any]:
    """Return variables with the project's files in them written as LibreLane wants: dir::path.

    `folder` is where the config is that names them.
    """
    return {
        key: value if key in NAMES or key in MACROS else files.named_for_librelane(value, folder)
        for key, value in variables.items()
    }
