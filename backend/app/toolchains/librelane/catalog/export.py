"""Prints what a LibreLane has, as JSON on the last line of its output.

It is run by the Python of a LibreLane installation, perhaps within a container, and needs nothing
else: `python export.py` tells of flows and variables (see `model` for the form), which are the same
for the same LibreLane and plugins; `python export.py tools` tells which programs of those that
steps call are installed.
"""

import dataclasses
import enum
import fnmatch
import importlib.metadata
import inspect
import json
import shutil
import sys
import types
import typing
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import librelane  # finds the plugins
from librelane.common import Path as FlowPath
from librelane.config.flow import flow_common_variables
from librelane.config.removals import removed_variables
from librelane.flows import Flow
from librelane.steps import Step

Json = dict[str, typing.Any]
_PROGRAMS = ("eqy", "klayout", "magic", "netgen", "openroad", "verilator", "yosys")
_SCALARS = {
    bool: "bool",
    int: "int",
    float: "float",
    Decimal: "decimal",
    str: "text",
    FlowPath: "path",
}
_UNIONS = (typing.Union, types.UnionType)
_PACKAGE = str(Path(inspect.getfile(librelane)).parent)


def catalog() -> Json:
    """Return all there is to know of LibreLane and its plugins."""
    return {
        "format": 1,
        "version": importlib.metadata.version("librelane"),
        "flows": [_flow(name) for name in Flow.factory.list()],
        "variables": _variables(),
        "removed": dict(removed_variables),
    }


def _flow(name: str) -> Json:
    flow = Flow.factory.get(name)
    gates = _gates(flow)
    return {
        "name": name,
        "doc": inspect.cleandoc(flow.__doc__ or ""),
        "is_sequential": hasattr(flow, "gating_config_vars"),
        "steps": [
            {"id": step.id, "name": _step_name(step), "gates": gates.get(step.id, [])}
            for step in flow.Steps
        ],
    }


def _gates(flow: typing.Any) -> dict[str, list[Json]]:
    """Return, by step id, the variables that all have to be true for the step to run."""
    variables = {variable.name: variable for variable in flow.config_vars}
    ids = [step.id for step in flow.Steps]
    found = {}
    for pattern, names in getattr(flow, "gating_config_vars", {}).items():
        gates = [
            {
                "variable": name,
                "default": bool(variables[name].default),
                "old_names": [old["name"] for old in _old_names(variables[name])],
            }
            for name in names
        ]
        matching = [pattern] if pattern in ids else fnmatch.filter(ids, pattern)
        found.update(dict.fromkeys(matching, gates))
    return found


def _step_name(step: typing.Any) -> str:
    for attribute in ("long_name", "name"):
        if isinstance(getattr(step, attribute, None), str):
            return str(getattr(step, attribute))
    return str(step.id)


def _variables() -> list[Json]:
    """Return the variables; those of one name that are not the same in all flows are several."""
    found: dict[str, Json] = {}
    flows = {name: Flow.factory.get(name) for name in Flow.factory.list()}
    steps_of = {name: [_id(step) for step in flow.Steps] for name, flow in flows.items()}
    for variable in flow_common_variables:
        _note(found, variable, flows)["is_universal"] = True
    for name, flow in flows.items():
        for variable in flow.config_vars:
            _note(found, variable, [name])
    for step in _all_steps(flows.values()):
        within = [name for name in flows if _id(step) in steps_of[name]]
        for variable in step.config_vars or ():
            steps = _note(found, variable, within)["steps"]
            if _id(step) not in steps:
                steps.append(_id(step))
    return list(found.values())


def _all_steps(flows: Iterable[typing.Any]) -> list[typing.Any]:
    """Return each step once: those of the factory, and those that only a flow has."""
    known = {_id(step): step for flow in flows for step in flow.Steps}
    made = [Step.factory.get(name) for name in Step.factory.list()]
    known.update({_id(step): step for step in made})
    return list(known.values())


def _id(step: typing.Any) -> str:
    """Return a step's id without what tells apart a flow's several steps of one kind."""
    return str(step.get_implementation_id())


def _note(found: dict[str, Json], variable: typing.Any, flows: Iterable[str]) -> Json:
    facts = {
        "name": variable.name,
        "type": _type(variable.type),
        "default": _plain(variable.default),
        "units": variable.units,
        "description": variable.description,
        "old_names": _old_names(variable),
        "is_pdk": variable.pdk,
    }
    same = json.dumps([facts["name"], facts["type"], facts["default"]])
    entry = found.setdefault(same, {**facts, "is_universal": False, "flows": [], "steps": []})
    entry["flows"] += [name for name in flows if name not in entry["flows"]]
    return entry


def _old_names(variable: typing.Any) -> list[Json]:
    """Return the older names; a value under one that `is_converted` means something else there."""
    return [
        {"name": old, "is_converted": False}
        if isinstance(old, str)
        else {"name": old[0], "is_converted": True}
        for old in variable.deprecated_names or ()
    ]


def _type(of: typing.Any) -> Json:
    origin, inner = typing.get_origin(of), typing.get_args(of)
    if origin in _UNIONS:
        return _union([one for one in inner if one is not types.NoneType], len(inner))
    if origin is typing.Literal:
        return {"kind": "enum", "choices": [_plain(choice) for choice in inner]}
    if origin in (list, tuple, dict):
        return {"kind": origin.__name__, "of": [_type(one) for one in inner]}
    if dataclasses.is_dataclass(of):
        return _record(of)
    if isinstance(of, type) and issubclass(of, enum.Enum):
        return {"kind": "enum", "choices": list(of.__members__)}
    return {"kind": _SCALARS.get(of, "any")}


def _union(members: list[typing.Any], count: int) -> Json:
    of = [_type(one) for one in members]
    union = of[0] if len(of) == 1 else {"kind": "union", "of": of}
    return {"kind": "optional", "of": [union]} if len(members) < count else union


def _record(of: typing.Any) -> Json:
    hints = typing.get_type_hints(of)
    fields = [
        {
            "name": field.name,
            "type": _type(hints[field.name]),
            "is_required": field.default is dataclasses.MISSING
            and field.default_factory is dataclasses.MISSING,
        }
        for field in dataclasses.fields(of)
    ]
    return {"kind": "record", "name": of.__name__, "fields": fields}


def _plain(value: typing.Any) -> typing.Any:
    """Return a value as JSON; a decimal number as its text, a path within LibreLane from there."""
    if isinstance(value, enum.Enum):
        return value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str | bool | int | float | None):
        return value
    return str(value).replace(_PACKAGE, "librelane")


def tools() -> list[str]:
    """Return the programs that are installed, as LibreLane's steps find them."""
    return [name for name in _PROGRAMS if shutil.which(name)]


if __name__ == "__main__":
    told = tools() if sys.argv[1:] == ["tools"] else catalog()
    sys.stdout.write("\n" + json.dumps(told, allow_nan=False) + "\n")
