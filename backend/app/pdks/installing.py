"""Installing a version, wherever it comes from."""

from collections.abc import Callable
from pathlib import Path

from app.pdks.archive import unpack, version_of
from app.pdks.ciel import Ciel
from app.pdks.staging import put_in_place, staging, version_folder
from app.pdks.trouble import PdkError
from app.pdks.using import use
from app.toolchains.librelane.pdks import current_version

Tell = Callable[[str], None]


def install_fetched(root: Path, family: str, version: str, ciel: Ciel, tell: Tell) -> None:
    """Install a version that ciel fetches."""
    _check_new(root, family, version)
    with staging(root) as folder:
        tell(f"fetching {family} {version} ...")
        found = ciel.fetch(folder, family, version, tell)
        put_in_place(found, root, family, version)
    _use_the_first(root, family, version)


def install_archive(root: Path, family: str, version: str | None, archive: Path) -> str:
    """Install an archive; return its version, which has to be `version` if that is given."""
    with staging(root) as folder:
        found = unpack(archive, folder)
        told = version_of(found)
        if told and version and told != version:
            raise PdkError(f"{archive} holds version {told}, not {version}.")
        chosen = version or told
        if chosen is None:
            raise PdkError(f"{archive} does not say which version it holds; name it.")
        _check_new(root, family, chosen)
        put_in_place(_alone(found, folder), root, family, chosen)
    _use_the_first(root, family, chosen)
    return chosen


def _alone(found: Path, folder: Path) -> Path:
    """Return the found folder as one that can be renamed away: the staging folder has to stay."""
    if found != folder:
        return found
    inner = folder / ".version"
    inner.mkdir()
    for path in list(folder.iterdir()):
        if path != inner:
            path.rename(inner / path.name)
    return inner


def _check_new(root: Path, family: str, version: str) -> None:
    if version_folder(root, family, version).exists():
        raise PdkError(
            f"{family} {version} is installed already; `a6hub pdk use {family} {version}` has "
            "builds take it."
        )


def _use_the_first(root: Path, family: str, version: str) -> None:
    if current_version(root, family) is None:
        use(root, family, version)
