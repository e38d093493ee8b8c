"""What a worker can build with: a LibreLane, the programs beside it, and PDKs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from subprocess import SubprocessError
from typing import Any

from pydantic import TypeAdapter

from app.core.settings import Settings
from app.toolchains.base import BadInputError
from app.toolchains.librelane import pdks as pdks_here
from app.toolchains.librelane.catalog import Catalog, load_catalog, tools_command
from app.toolchains.librelane.equipment import installed_pdks
from app.toolchains.librelane.installation import find_installation
from app.toolchains.librelane.pdks import OFFLINE
from app.toolchains.needs import Needs

_NAMES = TypeAdapter(tuple[str, ...])


@dataclass(frozen=True)
class Pdk:
    """A PDK that is installed; of one name those in use come first."""

    name: str
    version: str
    is_offline: bool

    def fits(self, flow: str) -> bool:
        """Return whether it has the views that a flow needs."""
        return self.is_offline == (flow == OFFLINE)


@dataclass(frozen=True)
class Offer:
    """One LibreLane. `catalog` is the SHA-256 of its catalog's text; `tools` are programs."""

    librelane: str
    catalog: str
    tools: tuple[str, ...]
    pdks: tuple[Pdk, ...]
    #: Those of its catalog; empty from a release that did not tell.
    flows: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return it as JSON; facts_to_offer() takes it back."""
        facts: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return facts

    def has(self, needs: Needs) -> bool:
        """Return whether a build with these needs can be run with it."""
        return (
            needs.flow in self.flows
            and set(needs.tools) <= set(self.tools)
            and any(_is_wanted(pdk, needs) for pdk in self.pdks)
        )


def _is_wanted(pdk: Pdk, needs: Needs) -> bool:
    return (
        pdk.fits(needs.flow)
        and needs.pdk in ("", pdk.name)
        and pdk.version.startswith(needs.pdk_version)
    )


_OFFER = TypeAdapter(Offer)


def facts_to_offer(facts: dict[str, Any]) -> Offer:
    """Return the offer whose facts() these are; ValueError if they are of another release."""
    return _OFFER.validate_python(facts)


@dataclass(frozen=True)
class Offered:
    """An offer with its catalog; `is_there`: some worker offers it now, not only did lately."""

    offer: Offer
    catalog: Catalog
    is_there: bool = True


#: Tells what workers offer, the newest first.
OffersSource = Callable[[], Sequence[Offered]]


def offers_of(settings: Settings) -> list[tuple[Offer, bytes]]:
    """Return what this machine offers, each with its catalog's text; asks LibreLane.

    BadInputError says why there is nothing.
    """
    installation, pdks = find_installation(settings), installed_pdks(settings)
    try:
        text = installation.catalog_text()
        catalog = load_catalog(text)
        tools = installation.ask(tools_command(str(installation.python))).splitlines()[-1]
        offer = Offer(
            librelane=catalog.version,
            catalog=sha256(text).hexdigest(),
            tools=_NAMES.validate_json(tools),
            pdks=_told(pdks),
            flows=tuple(flow.name for flow in catalog.flows if not flow.is_interactive),
        )
    except (OSError, SubprocessError, ValueError, IndexError) as error:
        raise BadInputError("toolchain", f"LibreLane does not tell what it has: {error}") from error
    return [(offer, text)]


def with_pdks(offer: Offer, settings: Settings) -> Offer:
    """Return an offer with the PDKs that are here now. Raises BadInputError."""
    return replace(offer, pdks=_told(installed_pdks(settings)))


def _told(pdks: Sequence[pdks_here.Pdk]) -> tuple[Pdk, ...]:
    return tuple(Pdk(pdk.name, pdk.version, pdk.fits(OFFLINE)) for pdk in pdks)
