"""`./a6hub backup`, `./a6hub restore` and `./a6hub prune-backups`."""

import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from obstore.exceptions import BaseError as StoreError

from app.backups.folder import Folder
from app.backups.making import make_backup
from app.backups.manifest import Kept
from app.backups.places import Place
from app.backups.pruning import Scheme, prune
from app.backups.restoring import check_backup, restore
from app.backups.tar_file import FILE_ENDING, NewFile, OldFile
from app.cli.operating import operating
from app.core.errors import A6hubError, NotFoundError

_Place = Annotated[Path, typer.Argument(help="A folder of backups, or a file ending in .tar.")]
#: What is wrong with a backup that is read.
_FAULTS = (ValueError, tarfile.TarError, OSError)


def backup(place: _Place) -> None:
    """Add a backup to a folder, which holds what backups have in common once; or write a file."""
    with operating() as context, _to_write(place) as target:
        made = make_backup(context, target, _shown)
    typer.echo(f"backed up: the database and {len(made.objects)} objects")
    if made.lost:
        typer.echo(f"LOST in the store, and so not in the backup: {', '.join(made.lost)}", err=True)
        raise typer.Exit(1)


def prune_backups(
    folder: Annotated[Path, typer.Argument(help="A folder of backups.")],
    daily: Annotated[int, typer.Option(min=0, help="Keep the last of so many days.")],
    weekly: Annotated[int, typer.Option(min=0, help="Keep the last of so many weeks.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
) -> None:
    """Remove old backups from a folder, after reading the newest to see that it is whole."""
    try:
        if not folder.is_dir():
            raise NotFoundError(f"There is no folder {folder}.")
        done = prune(Folder(folder), Scheme(daily, weekly), _shown, dry_run=dry_run)
    except (A6hubError, StoreError, *_FAULTS) as error:
        typer.echo(error.detail if isinstance(error, A6hubError) else str(error), err=True)
        raise typer.Exit(1) from error
    verb = "would go" if dry_run else "removed"
    typer.echo(f"{verb}: {', '.join(done.removed) or 'no backup'}")
    typer.echo(f"{verb}: {done.objects} objects, {done.bytes / 1e6:.1f} MB")
    typer.echo(f"kept: {', '.join(done.kept)}")


def restore_backup(
    place: _Place,
    name: Annotated[str | None, typer.Option(help="Which one; the newest by default.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only see whether it is whole.")] = False,
) -> None:
    """Bring a backup back into an empty a6hub, while nothing of it runs."""
    try:
        with operating() as context, _to_read(place) as source:
            if check:
                _check(source, name)
                return
            made = restore(context.settings, source, name, _shown)
    except _FAULTS as error:
        typer.echo(f"The backup cannot be used: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"restored: the database and {len(made.objects)} objects; everybody logs in anew")


def _check(source: Place, name: str | None) -> None:
    bad = check_backup(source, name, _shown)
    typer.echo("\n".join(f"✗ {key}" for key in bad) or "✓ whole")
    if bad:
        raise typer.Exit(1)


@contextmanager
def _to_write(path: Path) -> Iterator[Place]:
    if path.suffix != FILE_ENDING:
        folder = Folder(path)
        with folder.changing():
            yield folder
        return
    with closing(NewFile(path)) as file:
        yield file


@contextmanager
def _to_read(path: Path) -> Iterator[Place]:
    if not path.exists():
        raise NotFoundError(f"There is nothing at {path}.")
    if path.is_dir():
        folder = Folder(path)
        with folder.reading():
            yield folder
        return
    with closing(OldFile(path)) as file:
        yield file


def _shown(objects: Sequence[Kept]) -> Iterable[Kept]:
    with typer.progressbar(objects, label="objects") as bar:
        yield from bar
