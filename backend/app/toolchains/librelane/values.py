"""Which of LibreLane's variables and values a job may set.

A LibreLane config can run code and name any file of the machine. Jobs are confined, so this is not
what keeps the machine safe; it keeps a project from depending on what only one machine has, and
tells so before the build starts.
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from app.toolchains.base import BadInputError

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_SECTION = re.compile(r"(pdk|scl)::[A-Za-z0-9_*?\[\]-]{1,100}")
#: Set by the platform.
_OURS = ("PDK", "PDK_ROOT", "PDKPATH", "DESIGN_DIR", "OPEN_PDK_ROOT")
#: Name scripts, or arguments for a tool's command line.
_SCRIPTS = (
    "PDN_CFG",
    "PAD_CFG",
    "STA_EXTRA_CORNER_TCL_FILE",
    "KLAYOUT_*_RUNSET",
    "KLAYOUT_*_SCRIPT",
    "KLAYOUT_*_OPTIONS",
    "MAGIC_FILLER_SCRIPT",
    "EQY_SCRIPT",
    "SYNTH_*_MAP",
    "SYNTH_EXTRA_MAPPING_FILE",
    "LINTER_VLT",
    "SLANG_ARGUMENTS",
    "GHDL_ARGUMENTS",
)
_PREFIX = "dir::"
_MOST_DEPTH = 8
_MOST_ITEMS = 20_000


def is_variable(key: str) -> bool:
    """Return whether a key is a variable's name or a section for a PDK or cell library."""
    return bool(_VARIABLE.fullmatch(key) or _SECTION.fullmatch(key))


def check_variables(field: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables as LibreLane may have them; BadInputError names one that it may not."""
    budget = [_MOST_ITEMS]
    return {key: _checked(f"{field}.{key}", key, value, budget) for key, value in variables.items()}


def _checked(field: str, key: str, value: Any, budget: list[int]) -> Any:
    if not isinstance(key, str) or not is_variable(key):
        raise BadInputError(field, "This is not the name of a LibreLane variable.")
    if _SECTION.fullmatch(key):
        if not isinstance(value, Mapping):
            raise BadInputError(field, "Give a mapping of variables.")
        return {
            inner: _checked(f"{field}.{inner}", inner, of, budget) for inner, of in value.items()
        }
    if key in _OURS:
        raise BadInputError(field, f"{key} is set by a6hub; leave it out.")
    if any(fnmatchcase(key, pattern) for pattern in _SCRIPTS):
        raise BadInputError(field, f"{key} names a script to run, which a job may not choose.")
    return _value(field, value, budget, 0)


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
    if value is None or isinstance(value, bool | int | float):
        return value
    raise BadInputError(field, f"A {type(value).__name__} is no value for a variable.")


def _text(field: str, text: str) -> str:
    problem = _problem(text)
    if problem:
        raise BadInputError(field, f"{text[:200]!r} {problem}")
    return text


def _problem(text: str) -> str | None:
    reference = re.match(r"(ref|refg|expr|pdk_dir)::", text)
    if reference:
        return f"refers to other values with {reference[0]}; write the value itself."
    path = text.removeprefix(_PREFIX)
    if path.startswith(("/", "~")):
        return "is an absolute path; name files of the project, as in dir::src/top.v."
    if ".." in path.split("/"):
        return "leaves the project; name files of the project, as in dir::src/top.v."
    if re.search(r"[\x00-\x08\x0b-\x1f\x7f$`]", text):
        return "holds a character that has a meaning of its own in Tcl."
    return None


def name_project_files(value: Any, paths: set[str]) -> Any:
    """Write each text that is the path of a project's file as LibreLane wants it: dir::path."""
    if isinstance(value, str):
        plain = value.removeprefix("./")
        return _PREFIX + plain if plain in paths else value
    if isinstance(value, list):
        return [name_project_files(item, paths) for item in value]
    if isinstance(value, Mapping):
        return {key: name_project_files(item, paths) for key, item in value.items()}
    return value
