"""Values that refer to others, which LibreLane puts in their place when the job runs.

    expr::$DIE_WIDTH * 2        arithmetic with numbers of the config
    ref::$CLOCK_PORT            another variable's text
    ref::$DESIGN_DIR/a.v        a path, refg::$DESIGN_DIR/*.v a pattern; with $PDKPATH in the PDK
    pdk_dir::libs.ref/x.lib     a path or pattern in the PDK

Only the folders of the project and of the PDK may have more after them: whatever else stood before
a path could lead out of both.
"""

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

PDK_PREFIX = "pdk_dir::"
_PREFIXES = ("expr::", "ref::", "refg::", PDK_PREFIX)
_EXPRESSION = re.compile(r"expr::[\s\w.$+*/()\[\]-]{1,500}", re.ASCII)
_REFERENCE = re.compile(r"refg?::\$([A-Za-z_][A-Za-z0-9_.\[\]]*)(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
_IN_PROJECT = re.compile(r"(refg?)::\$DESIGN_DIR/?(.*)", re.DOTALL)
_FOLDERS = ("DESIGN_DIR", "PDKPATH")
#: What LibreLane knows before it reads a config.
_GIVEN = frozenset({"PDK", "PDKPATH", "STD_CELL_LIBRARY", "PAD_CELL_LIBRARY", "DESIGN_DIR"})
_NO_EXPRESSION = "is no expression of numbers, $VARIABLES, + - * / ** and ( )."
_NO_REFERENCE = (
    "refers to nothing: write ref::$VARIABLE, or a path below $DESIGN_DIR or $PDKPATH as in "
    "refg::$DESIGN_DIR/src/*.v."
)


def is_reference(value: Any) -> bool:
    """Return whether LibreLane puts something else in a value's place; dir:: is not meant."""
    return isinstance(value, str) and value.startswith(_PREFIXES)


def rest_of(text: str) -> str:
    """Return what comes after a reference's variable: a path without the slash before it.

    Raises ValueError, with what is wrong.
    """
    if text.startswith(PDK_PREFIX):
        return text.removeprefix(PDK_PREFIX)
    if text.startswith("expr::"):
        if not _EXPRESSION.fullmatch(text):
            raise ValueError(_NO_EXPRESSION)
        return ""
    found = _REFERENCE.fullmatch(text)
    if not found or (found[2] and (found[1] not in _FOLDERS or found[2][0] != "/")):
        raise ValueError(_NO_REFERENCE)
    return found[2].removeprefix("/")


def in_project(text: str) -> tuple[str, str] | None:
    """Return 'ref' or 'refg' and the path, if a reference is to the project's folder."""
    found = _IN_PROJECT.fullmatch(text)
    return (found[1], found[2]) if found else None


def refers_to(text: str, names: Container[str]) -> bool:
    """Return whether a text is ref:: to one of these variables, and nothing more."""
    found = _REFERENCE.fullmatch(text)
    return bool(found and text.startswith("ref::") and found[1] in names and not found[2])


def holds_reference(value: Any) -> bool:
    """Return whether there is a reference anywhere in a value."""
    return any(map(is_reference, _texts(value)))


def missing(variables: Mapping[str, Any], known: set[str]) -> Iterator[tuple[str, str]]:
    """Yield variables, as 'pdk::x.NAME', with one that they refer to and that is not `known`.

    What has been read is added to `known`: LibreLane reads a config from the top.
    """
    for key, value in variables.items():
        if "::" in key:
            for inner, name in missing(value, known):
                yield f"{key}.{inner}", name
            continue
        for text in filter(is_reference, _texts(value)):
            for name in _VARIABLE.findall(text):
                if name not in _GIVEN and name not in known:
                    yield key, name
        known.add(key)


def all_keys(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of variables, also those in sections for PDKs and libraries."""
    for key, value in variables.items():
        if "::" in key:
            yield from all_keys(value)
        else:
            yield key


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
