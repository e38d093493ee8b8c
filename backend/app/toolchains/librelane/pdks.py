"""The PDKs below a PDK root: finding them, and choosing one for a build.

    ROOT/ciel/FAMILY/versions/VERSION/VARIANT/     as ciel and `a6hub pdk install` put them
    ROOT/ciel/FAMILY/current                       the version in use; without it the links tell
    ROOT/VARIANT                                   a link to the one in use, or a PDK of its own:
                                                   the embedded one, or one made by hand

A variant is what a build names ('sky130A'); a family ('sky130') is what is installed at once.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.executors.base import Mount
from app.toolchains.base import BadInputError

#: The families that LibreLane knows, with the variant that is meant by a family's name.
FAMILIES = {"sky130": "sky130A", "gf180mcu": "gf180mcuD", "ihp-sg13g2": "ihp-sg13g2"}
#: What builds get that name none, where it is installed.
USUAL = "sky130A"
#: The flow that needs views that only the embedded PDK has, and no others.
OFFLINE = "Offline"
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_SHOWN_DIGITS = 12
#: What the embedded PDK was made from.
_STAMP = "made-by"
#: An abbreviated version has at least so many characters.
_LEAST_DIGITS = 4
_HOW = "See `a6hub pdk list` and `a6hub pdk install`."


@dataclass(frozen=True)
class Pdk:
    """A variant in one version. `folder` is the variant's, and no link."""

    name: str
    version: str
    source: str  # 'ciel', 'a6hub' (the embedded one), 'folder'
    folder: Path
    in_use: bool

    @property
    def family(self) -> str:
        """The family's name."""
        return family_of(self.name)

    @property
    def root(self) -> Path:
        """What LibreLane is told as its PDK root."""
        return self.folder.parent

    def mount(self) -> Mount:
        """Return what a job has to see: of ciel's versions all variants, which may share files."""
        shown = self.root if self.source == "ciel" else self.folder
        return Mount(shown, shown)

    def fits(self, flow: str) -> bool:
        """Return whether it has the views that a flow needs."""
        return (self.folder / "libs.tech" / "offline").is_dir() == (flow == OFFLINE)


def family_of(name: str) -> str:
    """Return the family of a variant or a family."""
    return next((family for family in FAMILIES if name.startswith(family)), name)


def usual_pdk(chosen: str) -> str:
    """Return what builds get that name no PDK: what A6HUB_PDK says, if that is not empty."""
    return FAMILIES.get(chosen, chosen) or USUAL


def is_word(value: Any) -> bool:
    """Return whether a value can be the name or the version of a PDK."""
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def find_pdks(root: Path) -> list[Pdk]:
    """Return all that are installed, by name, those in use first. Raises OSError."""
    root = root.resolve()
    found = [*_of_ciel(root), *_own(root)]
    return sorted(found, key=lambda pdk: (pdk.name, not pdk.in_use, pdk.version))


def current_version(root: Path, family: str) -> str | None:
    """Return which of ciel's versions is in use."""
    try:
        return (root / "ciel" / family / "current").read_text().strip() or None
    except FileNotFoundError:
        return None


def variants(folder: Path) -> Iterator[Path]:
    """Yield the folders of PDKs in `folder`, links among them."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _WORD.fullmatch(path.name) and (path / "libs.tech").is_dir():
            yield path


def _of_ciel(root: Path) -> Iterator[Pdk]:
    for versions in root.glob("ciel/*/versions"):
        current = current_version(root, versions.parent.name)
        for version in filter(lambda path: _WORD.fullmatch(path.name), versions.iterdir()):
            for folder in variants(version):
                # Without the file the link tells.
                linked = current is None and (root / folder.name).resolve() == folder
                yield _pdk(folder, "ciel", version.name, linked or version.name == current)


def _own(root: Path) -> Iterator[Pdk]:
    for path in variants(root):
        folder = path.resolve()
        if not folder.is_relative_to(root / "ciel"):
            yield _pdk(folder, "folder", _version(folder), in_use=False)


def _pdk(folder: Path, source: str, version: str, in_use: bool) -> Pdk:
    """Return what a folder is; the embedded PDK may also lie among ciel's."""
    if (folder / _STAMP).is_file():
        return Pdk(folder.name, _version(folder), "a6hub", folder, in_use=False)
    return Pdk(folder.name, version, source, folder, in_use)


def _version(folder: Path) -> str:
    """Return the version of a PDK that is not ciel's."""
    for name in (_STAMP, "SOURCES"):  # SOURCES: 'open_pdks 8afc83...'
        if (folder / name).is_file():
            word = (folder / name).read_text(errors="replace").split()[-1:]
            if word and is_word(word[0][:_SHOWN_DIGITS]):
                return word[0][:_SHOWN_DIGITS]
    return "unknown"


def choose_pdk(
    pdks: Sequence[Pdk], flow: str, name: str | None, version: str | None, default: str = ""
) -> Pdk:
    """Return the PDK for a build; `default` is taken if `name` is None. Raises BadInputError."""
    fitting = [pdk for pdk in pdks if pdk.fits(flow)]
    if name is None:
        names = [pdk.name for pdk in fitting]
        name = default or next(iter(sorted(names, key=lambda one: one != USUAL)), USUAL)
    name = FAMILIES.get(name, name)
    named = [pdk for pdk in fitting if pdk.name == name]
    if not named:
        raise BadInputError("config.pdk", _no_such(name, flow, pdks))
    if version is not None:
        return _with_version(named, version)
    if not named[0].in_use and len(named) > 1:
        raise BadInputError("config.pdk_version", f"Choose a version of {name}: {_words(named)}.")
    return named[0]


def _with_version(named: Sequence[Pdk], version: str) -> Pdk:
    least = len(version) >= _LEAST_DIGITS
    found = [pdk for pdk in named if pdk.version == version] or [
        pdk for pdk in named if least and pdk.version.startswith(version)
    ]
    if len(found) != 1:
        why = "is not one" if found else "is not"
        raise BadInputError(
            "config.pdk_version",
            f"{version!r} {why} of the versions of {named[0].name} here: {_words(named)}. {_HOW}",
        )
    return found[0]


def _no_such(name: str, flow: str, pdks: Sequence[Pdk]) -> str:
    if all(pdk.name != name for pdk in pdks):
        return f"There is no PDK {name!r} here; installed are: {_words(pdks) or 'none'}. {_HOW}"
    if flow == OFFLINE:
        return f"The flow {flow} runs on a6hub's own {FAMILIES['sky130']} alone (docs/builds.md)."
    return f"The flow {flow} needs a whole {name}; the one that is here is a6hub's own. {_HOW}"


def _words(pdks: Iterable[Pdk]) -> str:
    return ", ".join(f"{pdk.name} {pdk.version}" for pdk in pdks)
