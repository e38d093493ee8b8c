"""What a build can be given, as workers offer it: flows, PDKs, variables."""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.core.errors import InvalidError, NotFoundError
from app.jobs.context import Context
from app.jobs.offers import offered
from app.toolchains.librelane.catalog import Catalog, Flow, Variable
from app.toolchains.librelane.flows import can_run, usual_flow, why_not
from app.toolchains.librelane.offer import Offered
from app.toolchains.librelane.pdks import usual_pdk

_NOBODY = "No worker has told yet what its LibreLane has; start one (`./a6hub worker`)."


@dataclass(frozen=True)
class FlowChoice:
    """A flow of a LibreLane; `why_not` is why no worker can run it, None if one can.

    `is_usual`: builds get it that name none, neither in their config nor in the config file.
    """

    flow: Flow
    librelane: str
    why_not: str | None
    is_usual: bool


@dataclass(frozen=True)
class PdkChoice:
    """A PDK that a worker has, and the flows that it can be built for; `is_usual` as for flows."""

    name: str
    version: str
    flows: list[str]
    is_usual: bool


@dataclass(frozen=True)
class VariableFilter:
    """Which variables; None does not filter. `words` may be anywhere in names or description."""

    flow: str | None = None
    step: str | None = None
    words: str | None = None


def flow_choices(context: Context) -> list[FlowChoice]:
    """Return the flows by name, each as the newest worker has it that can run it."""
    found: dict[str, FlowChoice] = {}
    offers = offered(context, now=True)
    usual = usual_flow(offers)
    for one in offers:
        for flow in one.catalog.flows:
            is_usual = flow.name == usual
            choice = FlowChoice(flow, one.offer.librelane, why_not(one, flow), is_usual)
            known = found.get(flow.name)
            if not flow.is_interactive and (
                known is None or (known.why_not and not choice.why_not)
            ):
                found[flow.name] = choice
    return [found[name] for name in sorted(found)]


def pdk_choices(context: Context) -> list[PdkChoice]:
    """Return the PDKs by name, those in use first."""
    found: dict[tuple[str, str], set[str]] = {}
    for one in offered(context, now=True):
        runnable = can_run(one)
        for pdk in one.offer.pdks:
            flows = found.setdefault((pdk.name, pdk.version), set())
            flows.update(name for name in runnable if pdk.fits(name))
    usual = usual_pdk(context.settings.pdk)
    choices = [
        PdkChoice(name, version, sorted(flows), name == usual)
        for (name, version), flows in found.items()
    ]
    return sorted(choices, key=lambda choice: choice.name)


def newest_catalog(context: Context, flow: str | None = None) -> Catalog:
    """Return the newest LibreLane's catalog, of those that have a flow if one is named.

    NotFoundError when nobody offers any, InvalidError for a flow that nobody has.
    """
    offers: list[Offered] = offered(context, now=True)
    if not offers:
        raise NotFoundError(_NOBODY)
    if flow is None:
        return offers[0].catalog
    having = [one.catalog for one in offers if one.catalog.flow(flow) is not None]
    if not having:
        names = [one.name for one in offers[0].catalog.flows]
        raise InvalidError.at("query.flow", f"There is no flow {flow!r}. {_near(flow, names)}")
    return having[0]


def choose_variables(catalog: Catalog, wanted: VariableFilter) -> list[Variable]:
    """Return the variables that pass a filter, by name. Raises InvalidError for the step."""
    found = iter(catalog.variables)
    if wanted.flow is not None:
        found = (one for one in found if wanted.flow in one.flows)
    if wanted.step is not None:
        step = _step(catalog, wanted.step)
        found = (one for one in found if step in one.steps)
    if wanted.words is not None:
        found = (one for one in found if _mentions(one, wanted.words.lower()))
    return sorted(found, key=lambda one: one.name)


def _mentions(variable: Variable, words: str) -> bool:
    return any(words in text.lower() for text in (*variable.names, variable.description))


def _step(catalog: Catalog, wanted: str) -> str:
    """Return a step's id as variables name it, in whatever case it was given."""
    ids = {step.lower(): step for step in _steps(catalog)}
    found = ids.get(wanted.partition("-")[0].lower())
    if found is None:
        near = _near(wanted, ids.values())
        raise InvalidError.at("query.step", f"No variable is of a step {wanted!r}. {near}")
    return found


def _steps(catalog: Catalog) -> Iterator[str]:
    for variable in catalog.variables:
        yield from variable.steps
    for flow in catalog.flows:
        yield from (step.id.partition("-")[0] for step in flow.steps)


def _near(wanted: str, known: Iterable[str]) -> str:
    names = sorted(set(known))
    near = difflib.get_close_matches(wanted, names, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(names)}."
