"""A config file's `meta.substituting_steps`: other steps in a flow, as LibreLane's own flows do it.

{"OpenROAD.STAMidPNR*": null,               left out
 "Verilator.Lint": "Checker.LintErrors",    another in its place
 "+OpenROAD.CTS": "Odb.CellFrequencyTables"}    another after it; with - before it
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any

from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import Catalog, Flow, FlowStep
from app.toolchains.librelane.run_directory import is_interactive
from app.toolchains.librelane.step_names import readable_name

#: Which step, with '+' or '-' before it or neither, and the other one.
Substitute = tuple[str, str | None]
_KEY = re.compile(r"[+-]?[A-Za-z0-9_.*?-]{1,100}")
_MOST = 100


def read_substitutes(field: str, value: Any) -> tuple[Substitute, ...]:
    """Return what a config file substitutes: a mapping or a list of pairs. Raises BadInputError."""
    pairs = list(value.items()) if isinstance(value, Mapping) else value or []
    if not isinstance(pairs, list) or not all(map(_is_pair, pairs)) or len(pairs) > _MOST:
        raise BadInputError(field, "Give a mapping of steps' ids to other steps' ids, or null.")
    return tuple((key, step) for key, step in pairs)


def substituted(catalog: Catalog, flow: Flow, substitutes: Sequence[Substitute]) -> Flow:
    """Return a flow with other steps in it. Raises BadInputError."""
    if substitutes and not flow.is_sequential:
        raise _wrong(f"The flow {flow.name} has no fixed steps that could be substituted.")
    steps = list(flow.steps)
    for key, other in substitutes:
        steps = _numbered(_substitute(catalog, flow, steps, key, other))
    if not steps:
        raise _wrong(f"No step of the flow {flow.name} is left.")
    return replace(flow, steps=tuple(steps))


def _substitute(
    catalog: Catalog, flow: Flow, steps: Sequence[FlowStep], key: str, other: str | None
) -> list[FlowStep]:
    mode, wanted = (key[0], key[1:]) if key[0] in "+-" else ("", key)
    new = None if other is None else _step(catalog, flow, other)
    if mode and new is None:
        raise _wrong(f"{key!r} needs a step to put there, not null.")
    places = [n for n, step in enumerate(steps) if fnmatch(step.id.lower(), wanted.lower())]
    if not places:
        near = difflib.get_close_matches(wanted, [step.id for step in steps], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise _wrong(f"The flow {flow.name} has no step {wanted!r}.{hint}")
    if new is None:
        return [step for n, step in enumerate(steps) if n not in places]
    made = list(steps)
    for place in places:  # as LibreLane: where those after the first were before it was put there
        if mode:
            made.insert(place + (mode == "+"), new)
        else:
            made[place] = new
    return made


def _step(catalog: Catalog, flow: Flow, step: str) -> FlowStep:
    """Return a step that LibreLane has, with the gates that the flow has for it."""
    ids = {one.id.partition("-")[0] for each in catalog.flows for one in each.steps}
    ids |= {name for variable in catalog.variables for name in variable.steps}
    if step not in ids:
        near = difflib.get_close_matches(step, ids, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise _wrong(f"LibreLane {catalog.version} has no step {step!r}.{hint}")
    if is_interactive(step):
        raise _wrong(f"The step {step} opens windows, for which nobody is there.")
    own = next((one for one in flow.steps if one.id.partition("-")[0] == step), None)
    return FlowStep(step, readable_name(step), own.gates if own else ())


def _numbered(steps: Sequence[FlowStep]) -> list[FlowStep]:
    """Give steps of the same id numbers, as LibreLane does."""
    seen: dict[str, int] = {}
    made = []
    for step in steps:
        base = step.id.partition("-")[0]
        count = seen[base] = seen.get(base, -1) + 1
        made.append(replace(step, id=f"{base}-{count}" if count else base))
    return made


def _is_pair(pair: Any) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and isinstance(pair[0], str)
        and _KEY.fullmatch(pair[0]) is not None
        and (pair[1] is None or isinstance(pair[1], str))
    )


def _wrong(words: str) -> BadInputError:
    return BadInputError("config.meta.substituting_steps", words)
