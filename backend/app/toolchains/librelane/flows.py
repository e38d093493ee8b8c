"""Which flow a build runs, and which of the LibreLanes that workers offer can do it."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import Catalog, Flow
from app.toolchains.librelane.offer import Offered
from app.toolchains.librelane.pdks import FAMILIES
from app.toolchains.librelane.substitutes import Substitute, substituted

#: What is built with while nobody offers anything: every worker that is set up has it.
FALLBACK = "Offline"
#: What a build that names none gets, the first that can run.
_USUAL = ("Classic", FALLBACK)


@dataclass(frozen=True)
class Wanted:
    """What a build asks for, None where it does not matter. `named_in`: where the flow is."""

    flow: str | None = None
    pdk: str | None = None
    pdk_version: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    #: The first and the last step, None for the flow's own.
    begin: str | None = None
    end: str | None = None
    #: Other steps in the flow.
    substitutes: tuple[Substitute, ...] = ()
    named_in: str = "config.flow"


def choose_flow(offers: Sequence[Offered], wanted: Wanted) -> tuple[str, Offered | None]:
    """Return the flow, and the newest offer that can run it. Raises BadInputError."""
    if not offers:
        if wanted.flow not in (None, FALLBACK):
            why = (
                f"There is no flow {wanted.flow!r} here, only {FALLBACK!r}: no worker has told yet "
                "which ones it has."
            )
            raise BadInputError(wanted.named_in, why)
        return FALLBACK, None
    first: BadInputError | None = None
    for offered in offers if wanted.flow else _usual_first(offers):
        try:
            return _flow_of(offered, wanted), offered
        except BadInputError as error:
            first = first or error
    raise first or AssertionError("no offer")


def usual_flow(offers: Sequence[Offered]) -> str | None:
    """Return the flow of a build that names none; None where no flow can run."""
    try:
        return choose_flow(offers, Wanted())[0]
    except BadInputError:
        return None


def can_run(offered: Offered) -> list[str]:
    """Return the flows that an offer can run, the usual one first."""
    flows = [flow.name for flow in offered.catalog.flows if why_not(offered, flow) is None]
    return sorted(flows, key=lambda name: (name not in _USUAL, name))


def needed_tools(catalog: Catalog, flow: Flow, wanted: Wanted) -> tuple[str, ...]:
    """Return the programs that a flow's steps need, of those that a build takes."""
    steps = substituted(catalog, flow, wanted.substitutes).steps_for(wanted.variables)
    ids = [step.id.lower() for step in steps]
    # What is not one of its steps is told of elsewhere (see Plan).
    first, last = (str(step).lower() for step in (wanted.begin, wanted.end))
    begin = ids.index(first) if first in ids else 0
    end = ids.index(last) + 1 if last in ids else len(ids)
    return tuple(sorted({step.tool for step in steps[begin:end] if step.tool is not None}))


def why_not(offered: Offered, flow: Flow, wanted: Wanted = Wanted()) -> str | None:
    """Return why an offer cannot run a flow; None if it can."""
    if flow.is_interactive:
        return f"The flow {flow.name} opens windows, for which nobody is there."
    missing = [
        tool
        for tool in needed_tools(offered.catalog, flow, wanted)
        if tool not in offered.offer.tools
    ]
    if missing:
        return f"The flow {flow.name} needs {_and(missing)}, which no worker has."
    if not any(pdk.fits(flow.name) for pdk in offered.offer.pdks):
        return f"The flow {flow.name} needs a PDK that no worker has; see `a6hub pdk list`."
    return None


def _usual_first(offers: Sequence[Offered]) -> list[Offered]:
    """Sort offers by what builds with them usually run; which worker told last is mere chance.

    Those that nobody offers now come after these.
    """

    def rank(offered: Offered) -> int:
        best = next(iter(can_run(offered)), None) if offered.is_there else None
        return _USUAL.index(best) if best in _USUAL else len(_USUAL)

    return sorted(offers, key=rank)


def _flow_of(offered: Offered, wanted: Wanted) -> str:
    runnable = can_run(offered)
    name = wanted.flow or next(iter(runnable), FALLBACK)
    flow = offered.catalog.flow(name)
    if flow is None:
        known = [one.name for one in offered.catalog.flows]
        near = difflib.get_close_matches(name[:100], known, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        why = f"There is no flow {name[:100]!r}.{hint} {_these(runnable)}"
        raise BadInputError(wanted.named_in, why)
    reason = why_not(offered, flow, wanted)
    if reason is not None:
        raise BadInputError(wanted.named_in, f"{reason} {_these(runnable)}")
    _check_pdk(offered, name, wanted)
    return name


def _check_pdk(offered: Offered, flow: str, wanted: Wanted) -> None:
    pdks = [pdk for pdk in offered.offer.pdks if pdk.fits(flow)]
    installed = ", ".join(f"{pdk.name} {pdk.version}" for pdk in pdks)
    if wanted.pdk is not None:
        name = FAMILIES.get(wanted.pdk, wanted.pdk)
        pdks = [pdk for pdk in pdks if pdk.name == name]
        if not pdks:
            why = f"No worker has a PDK {wanted.pdk!r} for the flow {flow}; installed: {installed}."
            raise BadInputError("config.pdk", why)
    version = wanted.pdk_version
    if version is not None and not any(pdk.version.startswith(version) for pdk in pdks):
        why = f"No worker has the version {version!r} of it; installed: {installed}."
        raise BadInputError("config.pdk_version", why)


def _these(runnable: Sequence[str]) -> str:
    return f"What can run here: {', '.join(runnable) or 'no flow'}."


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
