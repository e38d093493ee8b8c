"""What a LibreLane has, as `export` tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter

#: A default, as JSON; a decimal number may be its text.
Json = Any
Scalar = Literal["bool", "int", "float", "decimal", "text", "path", "any", "enum"]
Kind = Scalar | Literal["list", "tuple", "dict", "optional", "union", "record"]
_MOST_BYTES = 8 << 20
_MEMBERS = {"list": 1, "dict": 2, "optional": 1}
#: Texts that LibreLane takes for false, as it takes 0.
FALSE_WORDS = ("0", "false", "False")
#: Programs, by a step's id or its beginning.
_TOOLS = {
    "KLayout": "klayout",
    "KLayout.Render": None,
    "KLayout.StreamOut": None,
    "Magic": "magic",
    "Netgen": "netgen",
    "Odb": "openroad",
    "OpenROAD": "openroad",
    "Verilator": "verilator",
    "Yosys": "yosys",
    "Yosys.EQY": "eqy",
}
_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True)
class ValueType:
    """Which values a variable takes.

    `of`: the type of a list's items, of each item of a tuple, of a dict's keys and values, of an
    optional's value, of each kind that a union may be. `choices` are an enum's, `fields` a
    record's.
    """

    __pydantic_config__ = _STRICT
    kind: Kind
    of: tuple["ValueType", ...] = ()
    choices: tuple[str | int | float | bool, ...] = ()
    fields: tuple["Field", ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if len(self.of) != _MEMBERS.get(self.kind, len(self.of)):
            raise ValueError(f"{self.kind} has {len(self.of)} member types")

    def __str__(self) -> str:
        """Return the type in words: 'list of path', 'decimal, or null'."""
        of = [str(one) for one in self.of]
        if self.kind == "enum":
            return "one of " + ", ".join(map(repr, self.choices))
        return {
            "optional": lambda: f"{of[0]}, or null",
            "union": lambda: " or ".join(of),
            "list": lambda: f"list of {of[0]}",
            "tuple": lambda: f"({', '.join(of)})",
            "dict": lambda: f"mapping of {of[0]} to {of[1]}",
            "record": lambda: f"{self.name} with {', '.join(field.name for field in self.fields)}",
        }.get(self.kind, lambda: self.kind)()


@dataclass(frozen=True)
class Field:
    """A record's field."""

    __pydantic_config__ = _STRICT
    name: str
    type: ValueType
    is_required: bool


@dataclass(frozen=True)
class OldName:
    """What a variable was called. A value under a name that `is_converted` is not of its type."""

    __pydantic_config__ = _STRICT
    name: str
    is_converted: bool


@dataclass(frozen=True)
class Variable:
    """A variable. `steps` are the ids of those that declare it; all may read a universal one."""

    __pydantic_config__ = _STRICT
    name: str
    type: ValueType
    default: Json
    units: str | None
    description: str
    old_names: tuple[OldName, ...]
    #: Its default comes from the PDK or the cell library.
    is_pdk: bool
    is_universal: bool
    flows: tuple[str, ...]
    steps: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All its names; of several that are set LibreLane takes the first."""
        return (*(old.name for old in self.old_names), self.name)

    def is_converted(self, name: str) -> bool:
        """Return whether a value under one of its names is not of its type."""
        return any(old.name == name and old.is_converted for old in self.old_names)


@dataclass(frozen=True)
class Gate:
    """A boolean variable that switches a step off."""

    __pydantic_config__ = _STRICT
    variable: str
    default: bool
    old_names: tuple[str, ...]

    def is_open(self, variables: Mapping[str, Any]) -> bool:
        """Return whether the step may run with these variables."""
        for name in (*self.old_names, self.variable):
            if name in variables:
                value = variables[name]
                return value not in FALSE_WORDS if isinstance(value, str) else bool(value)
        return self.default


@dataclass(frozen=True)
class FlowStep:
    """A step of a flow. A step that a flow has twice has '-1' at the end of its id then."""

    __pydantic_config__ = _STRICT
    id: str
    name: str
    gates: tuple[Gate, ...]

    @property
    def tool(self) -> str | None:
        """The program that it needs beside LibreLane's own Python packages."""
        kind = self.id.partition("-")[0]
        return _TOOLS.get(kind, _TOOLS.get(kind.partition(".")[0]))


@dataclass(frozen=True)
class Flow:
    """A flow. One that is not sequential orders and names its steps by itself as it runs."""

    __pydantic_config__ = _STRICT
    name: str
    doc: str
    is_sequential: bool
    steps: tuple[FlowStep, ...]

    @property
    def is_interactive(self) -> bool:
        """Whether it opens windows."""
        return any(step.id.endswith(".OpenGUI") for step in self.steps)

    def steps_for(self, variables: Mapping[str, Any]) -> tuple[FlowStep, ...]:
        """Return the steps that run with these variables, which hold no sections for PDKs."""
        return tuple(
            step for step in self.steps if all(gate.is_open(variables) for gate in step.gates)
        )


@dataclass(frozen=True)
class Catalog:
    """A LibreLane with its plugins. `removed`: variables of the past, and why they are no more."""

    __pydantic_config__ = _STRICT
    format: Literal[1]
    version: str
    flows: tuple[Flow, ...]
    #: One name may be there twice: what differs between flows.
    variables: tuple[Variable, ...]
    removed: dict[str, str]

    def flow(self, name: str) -> Flow | None:
        """Return a flow, or None if there is none of that name."""
        return self._flows.get(name)

    def variables_of(self, flow: str) -> Mapping[str, Variable]:
        """Return the variables of a flow, by all their names."""
        return self._names.get(flow, {})

    def variable(self, name: str) -> Variable | None:
        """Return the variable that has, or had, a name in any flow."""
        return next((one[name] for one in self._names.values() if name in one), None)

    @cached_property
    def _flows(self) -> dict[str, Flow]:
        return {flow.name: flow for flow in self.flows}

    @cached_property
    def _names(self) -> dict[str, dict[str, Variable]]:
        """Return, by flow, the variables by all their names; '' holds those of no flow."""
        found: dict[str, dict[str, Variable]] = {name: {} for name in (*self._flows, "")}
        for variable in self.variables:
            for flow in variable.flows or ("",):
                for name in variable.names:
                    found[flow].setdefault(name, variable)
        return found


_CATALOG = TypeAdapter(Catalog)


def load_catalog(text: bytes) -> Catalog:
    """Return the catalog on the last line of what `export` printed; ValueError if it is none."""
    if len(text) > _MOST_BYTES:
        raise ValueError(f"a catalog has at most {_MOST_BYTES} bytes, not {len(text)}")
    return _CATALOG.validate_json(text.rstrip().rpartition(b"\n")[2])
