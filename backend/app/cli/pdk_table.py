"""The lines of `./a6hub pdk list`."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from app.pdks.ciel import size_of
from app.toolchains.librelane.pdks import Pdk

_NOTES = {"a6hub": "a6hub's own, for the flow Offline", "folder": "not by a6hub or ciel"}


def lines_of(pdks: Iterable[Pdk], wanted: Mapping[str, str] | None = None) -> list[str]:
    """Return a line for each version; `wanted`: what LibreLane is made for, by family."""
    groups = groupby(sorted(pdks, key=_order), _order)
    return [_line(list(group), wanted or {}) for _, group in groups]


def _order(pdk: Pdk) -> tuple[str, bool, str]:
    return pdk.family, not pdk.in_use, pdk.version


def _line(group: list[Pdk], wanted: Mapping[str, str]) -> str:
    one = group[0]
    size = size_of(one.mount().source) >> 20
    notes = [_NOTES.get(one.source, "")]
    if wanted.get(one.family) == one.version:
        notes.append("LibreLane here is made for it")
    words = ", ".join(filter(None, notes))
    names = " ".join(pdk.name for pdk in group)
    mark = "*" if one.in_use else " "
    return f"{mark} {one.family:10} {one.version:40} {size:6} MiB  {names}  {words}".rstrip()
