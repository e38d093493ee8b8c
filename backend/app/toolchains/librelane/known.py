"""Variables against a catalog: their names, the types of their values, the files that they name."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import Catalog, Variable
from app.toolchains.librelane.project_files import ProjectFiles
from app.toolchains.librelane.types import MismatchError, paths_in, shown

#: The field that is wrong, and why.
Problem = tuple[str, str]
#: What LibreLane reads besides its variables, and how it knows a variable of the past.
_SPECIAL = frozenset({"DIODE_INSERTION_STRATEGY", "PAD_CELL_LIBRARY"})
_PAST = "_OPT"
_SECTION = "::"
_LEAST_LIKE = 0.6
_MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Known:
    """What the variables of a flow may be.

    `files` None: which files there will be is not known yet. `strict`: the config has version 2.
    """

    catalog: Catalog
    flow: str
    files: ProjectFiles | None = None
    strict: bool = False

    def problems(self, field: str, variables: Mapping[str, Any]) -> Iterator[Problem]:
        """Yield what is wrong with variables, which are fields of `field`."""
        for name, value in variables.items():
            if _SECTION in name:
                yield from self.problems(f"{field}.{name}", value)
            elif (variable := self.catalog.variables_of(self.flow).get(name)) is not None:
                yield from self._of_value(f"{field}.{name}", name, variable, value)
            elif not self._is_harmless(name):
                yield f"{field}.{name}", self._unknown(name, value)

    def _of_value(self, field: str, name: str, variable: Variable, value: Any) -> Iterator[Problem]:
        if variable.is_converted(name):
            return  # LibreLane makes something else of it, in a way of its own
        try:
            paths = paths_in(variable.type, value, strict=self.strict)
        except MismatchError as error:
            yield field + error.where, f"{error.message}. {takes(variable)}"
            return
        for path in paths:
            problem = self.files.problem(path) if self.files else None
            if problem:
                yield field, problem

    def _is_harmless(self, name: str) -> bool:
        """Return whether LibreLane passes over it, with a warning or without."""
        elsewhere = self.catalog.variable(name) is not None
        return elsewhere or name in self.catalog.removed or name in _SPECIAL or _PAST in name

    def _unknown(self, name: str, value: Any) -> str:
        said = f"LibreLane {self.catalog.version} has no variable {name!r}, set to {shown(value)}."
        near = nearest(name, self.catalog.variables_of(self.flow))
        return f"{said} Did you mean {near!r}?" if near else said


def refuse(parts: Iterable[tuple[str, Mapping[str, Any]]], known: Known) -> None:
    """Raise BadInputError if something is wrong with variables, by the field that they are in."""
    problems = (one for field, variables in parts for one in known.problems(field, variables))
    first = list(islice(problems, _MOST_PROBLEMS))
    if first:
        raise BadInputError(*first[0], more=first[1:])


def takes(variable: Variable) -> str:
    """Return in a sentence what a variable takes."""
    units = f", in {variable.units}" if variable.units else ""
    return f"{variable.name} takes: {variable.type}{units}."


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like `name`, if any is like it."""
    near = difflib.get_close_matches(name[:100].upper(), known, n=1, cutoff=_LEAST_LIKE)
    return near[0] if near else None
