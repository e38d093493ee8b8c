"""Removing old backups from a folder: the last of each day and week stay, for so many of them.

The newest backup that is whole, every byte of it, always stays; without one nothing is removed.
Manifests go first: what is cut short then leaves content that no backup names, which the next
pruning removes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.backups import manifest as manifests
from app.backups.folder import Folder
from app.backups.manifest import Kept
from app.backups.places import content_key
from app.backups.restoring import check_backup
from app.core.errors import ConflictError

Progress = Callable[[Sequence[Kept]], Iterable[Kept]]
NAME_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass
class Pruned:
    """The names of the backups that were removed and that stay; objects that went, their bytes."""

    removed: list[str]
    kept: list[str]
    objects: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Scheme:
    """The last backups of how many days and weeks stay."""

    days: int
    weeks: int


def prune(
    place: Folder, scheme: Scheme, progress: Progress = iter, *, dry_run: bool = False
) -> Pruned:
    """Remove what the scheme does not keep; with `dry_run`, only tell.

    ConflictError when the folder is none of backups, or holds none that is whole.
    """
    _names(place)  # in somebody else's folder nothing is left, not even a lock
    with place.removing():
        return _prune(place, scheme, progress, dry_run=dry_run)


def _prune(place: Folder, scheme: Scheme, progress: Progress, *, dry_run: bool) -> Pruned:
    names = _names(place)
    kept = wanted(names, scheme) | {_newest_whole(place, names, progress)}
    done = Pruned([name for name in names if name not in kept], sorted(kept))
    named = _named(place, done.kept)  # before anything goes: each has to be readable
    for name in () if dry_run else done.removed:
        place.remove_backup(name)
    for entry in place.objects():
        if entry.key not in named:
            done.objects += 1
            done.bytes += entry.size
            if not dry_run:
                place.remove(entry.key)
    return done


def wanted(names: Iterable[str], scheme: Scheme) -> set[str]:
    """Return the names that a scheme keeps: of each day and ISO week the newest counts."""
    days: dict[str, str] = {}
    weeks: dict[str, str] = {}
    for name in sorted(names):
        made = datetime.strptime(name, NAME_FORMAT)  # noqa: DTZ007 - only days are compared
        days[f"{made:%Y%m%d}"] = weeks[f"{made:%G%V}"] = name
    return {*_last(days, scheme.days), *_last(weeks, scheme.weeks)}


def _last(newest: dict[str, str], count: int) -> list[str]:
    return [newest[one] for one in sorted(newest)[-count:]] if count else []


def _named(place: Folder, names: Iterable[str]) -> set[str]:
    """Return the keys of all that backups consist of."""
    keys = set()
    for name in names:
        try:
            made = manifests.read(place.manifest(name))
        except ValueError as error:
            raise ConflictError(
                f"backups/{name}.jsonl is damaged; remove it first. Nothing is removed."
            ) from error
        digests = {one.digest for one in made.parts} | {one.digest for one in made.objects}
        keys |= set(map(content_key, digests))
    return keys


def _names(place: Folder) -> list[str]:
    strange = place.strange()
    if strange is not None:
        raise ConflictError(f"This is no folder of backups alone: it holds {strange}.")
    names = place.names()
    for name in names:
        try:
            datetime.strptime(name, NAME_FORMAT)  # noqa: DTZ007 - only its form is asked
        except ValueError as error:
            raise ConflictError(f"backups/{name}.jsonl has no name of a backup.") from error
    return names


def _newest_whole(place: Folder, names: Sequence[str], progress: Progress) -> str:
    for name in reversed(names):
        if _is_whole(place, name, progress):
            return name
    raise ConflictError("There is no whole backup here (`restore --check`); nothing is removed.")


def _is_whole(place: Folder, name: str, progress: Progress) -> bool:
    try:
        return not check_backup(place, name, progress)
    except ValueError:  # its manifest is damaged
        return False
