"""The part of `doctor` that looks at builds: LibreLane, its flows with their tools, the PDKs."""

from collections.abc import Iterator
from subprocess import SubprocessError

from app.cli.finding import Finding
from app.core.settings import Settings
from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import load_catalog
from app.toolchains.librelane.equipment import installed_pdks
from app.toolchains.librelane.flows import can_run, why_not
from app.toolchains.librelane.installation import Installation, find_installation
from app.toolchains.librelane.offer import Offered, offers_of
from app.toolchains.librelane.pdks import Pdk

_SET_UP = "`./a6hub up` sets one up; or see docs/builds.md for others."
_INSTALL = "`./a6hub pdk install sky130`, or `./a6hub up` makes the one for the flow Offline."


def look_at_builds(settings: Settings) -> Iterator[Finding]:
    """Say which LibreLane there is, and what it can do. Without one nothing can be built."""
    try:
        yield from _pdks(installed_pdks(settings))
        installation = find_installation(settings)
        [(offer, text)] = offers_of(settings)
    except BadInputError as error:
        yield Finding("LibreLane", False, error.message, _SET_UP)
        return
    offered = Offered(offer, load_catalog(text))
    [what, word] = list(installation.identity().items())[-1]
    tools = ", ".join(offer.tools) or "none"
    yield Finding("LibreLane", True, f"{offer.librelane}, {what} {word}; tools: {tools}")
    yield _tkinter(installation)
    yield from _flows(offered)


def _pdks(pdks: list[Pdk]) -> Iterator[Finding]:
    for pdk in pdks:
        kind = "a6hub's own, for the flow Offline" if pdk.source == "a6hub" else pdk.source
        use = ", in use" if pdk.in_use else ""
        yield Finding(f"PDK {pdk.name}", True, f"{pdk.version} ({kind}{use})")
    if not pdks:
        yield Finding("PDK", False, "none is installed", _INSTALL)


def _tkinter(installation: Installation) -> Finding:
    """Look for what LibreLane reads PDKs with, and notices only then that it is missing."""
    try:
        installation.ask((str(installation.python), "-c", "import tkinter"))
    except (OSError, SubprocessError):
        advice = "Install it: sudo apt-get install python3-tk"
        return Finding("tkinter", False, "missing in LibreLane's Python", advice)
    return Finding("tkinter", True, "there, for LibreLane")


def _flows(offered: Offered) -> Iterator[Finding]:
    flows = can_run(offered)
    words = ", ".join(flows) or "none: its tools or a PDK for it are missing"
    yield Finding("flows that can run", bool(flows), words, "" if flows else _SET_UP)
    classic = offered.catalog.flow("Classic")
    reason = why_not(offered, classic) if classic else None
    if reason:  # no fault: the offline flow may be all that is wanted
        yield Finding("flow Classic", True, f"cannot run here: {reason}")
