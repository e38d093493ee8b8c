"""Choosing the version of a family that builds take."""

import os
from pathlib import Path

from app.pdks.staging import version_folder
from app.pdks.trouble import PdkError, explained
from app.toolchains.librelane.pdks import find_pdks, variants


def use(root: Path, family: str, version: str) -> str:
    """Have builds take an installed version, which may be abbreviated; return it in full.

    They read ROOT/ciel/FAMILY/current. The links that other programs follow are set before; a PDK
    that stands in a link's place stays. Raises PdkError.
    """
    root = root.resolve()
    with explained(root):
        full = _installed(root, family, version)
        there = {path.name: path for path in variants(version_folder(root, family, full))}
        for link in _links(root, family) - {root / name for name in there}:
            link.unlink()
        for name, folder in there.items():
            if not (root / name).exists() or (root / name).is_symlink():
                _replace_link(root / name, os.path.relpath(folder, root))
        current = root / "ciel" / family / "current"
        new = current.with_name(".current-new")
        new.write_text(full)
        new.replace(current)
    return full


def _installed(root: Path, family: str, version: str) -> str:
    pdks = [pdk for pdk in find_pdks(root) if pdk.family == family and pdk.source == "ciel"]
    versions = {pdk.version for pdk in pdks}
    found = [one for one in versions if one == version or one.startswith(version)]
    if version in versions:
        return version
    if len(found) != 1:
        there = ", ".join(sorted(versions)) or "none"
        raise PdkError(f"{family} has no version {version} here; installed are: {there}.")
    return found[0]


def _links(root: Path, family: str) -> set[Path]:
    """Return the links to this family's versions."""
    versions = root / "ciel" / family
    links = (path for path in root.iterdir() if path.is_symlink())
    return {link for link in links if (root / link.readlink()).is_relative_to(versions)}


def _replace_link(link: Path, target: str) -> None:
    new = link.with_name(f".{link.name}-new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)
