"""`./a6hub pdk list|install|use`: the PDKs that builds may take (docs/builds.md)."""

import difflib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.cli.pdk_table import lines_of
from app.core.settings import Settings
from app.pdks.ciel import find_ciel
from app.pdks.installing import install_archive, install_fetched
from app.pdks.trouble import PdkError, explained
from app.pdks.using import use as use_version
from app.pdks.wanted import wanted_versions
from app.toolchains.librelane.pdks import FAMILIES, family_of, find_pdks, is_word

pdk = typer.Typer(help="The PDKs that builds may take.", no_args_is_help=True)

Family = Annotated[str, typer.Argument(help=", ".join(FAMILIES))]
Source = Annotated[
    str | None, typer.Option("--from", help="A mirror's folder or address, or one archive.")
]


@pdk.command("list")
def list_(
    family: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    remote: Annotated[bool, typer.Option(help="What could be installed.")] = False,
    source: Source = None,
) -> None:
    """Show what is installed, with what is in use (*) and its size."""
    with _told() as (settings, root):
        families = [_family(family)] if family else list(FAMILIES)
        pdks = [pdk for pdk in find_pdks(root) if not family or pdk.family == families[0]]
        if not remote:
            typer.echo("\n".join(lines_of(pdks, wanted_versions(settings))) or f"none in {root}")
            return
        notes = {pdk.version: "in use" if pdk.in_use else "installed" for pdk in reversed(pdks)}
        with find_ciel(settings.flow_python, source) as ciel:
            for name in families:
                for version in ciel.versions(name):
                    typer.echo(f"{name} {version}  {notes.get(version, '')}".rstrip())


@pdk.command()
def install(
    family: Family,
    version: Annotated[
        str | None, typer.Argument(help="Default: the one that LibreLane is made for.")
    ] = None,
    source: Source = None,
    library: Annotated[
        list[str], typer.Option(help="More than the usual libraries; 'all' for all.")
    ] = [],  # noqa: B006 - never changed; typer knows by it that it may be left out
) -> None:
    """Install a version of a family: with ciel, from a mirror, or from one archive."""
    with _told() as (settings, root):
        name, began = _family(family), time.monotonic()
        if version is not None and not is_word(version):
            raise PdkError(f"{version!r} is no version, such as 8afc8346a57f...")
        if source is not None and Path(source).is_file():
            if library:
                raise PdkError("An archive is taken as it is: leave --library out.")
            version = install_archive(root, name, version, Path(source))
        else:
            version = version or _wanted(settings, name)
            _check_source(source)
            with find_ciel(settings.flow_python, source, tuple(library)) as ciel:
                install_fetched(root, name, version, ciel, typer.echo)
        typer.echo(f"{name} {version}: installed in {time.monotonic() - began:.0f} s")
        typer.echo("\n".join(lines_of(pdk for pdk in find_pdks(root) if pdk.family == name)))


@pdk.command()
def use(
    family: Family, version: Annotated[str, typer.Argument(help="Its first digits will do.")]
) -> None:
    """Have builds that name no version take this one, from their next start on."""
    with _told() as (_, root):
        full = use_version(root, _family(family), version)
        typer.echo(f"builds take {_family(family)} {full}")


@contextmanager
def _told() -> Iterator[tuple[Settings, Path]]:
    """Give the settings and the PDK root; what goes wrong is told, and ends the command."""
    try:
        settings = Settings()
        root = _root(settings)
        with explained(root):
            yield settings, root
    except PdkError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _root(settings: Settings) -> Path:
    if settings.pdk_root is None:
        raise PdkError("A6HUB_PDK_ROOT has to name the folder of the PDKs.")
    return settings.pdk_root.absolute()


def _family(given: str) -> str:
    """Return the family that a name means: its own, or one of its variants'."""
    name = family_of(given.replace("_", "-") if given.startswith("ihp") else given)
    if name not in FAMILIES:
        near = difflib.get_close_matches(given, FAMILIES, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(FAMILIES)}."
        raise PdkError(f"There is no family {given!r}. {hint}")
    return name


def _wanted(settings: Settings, family: str) -> str:
    version = wanted_versions(settings).get(family)
    if version is None:
        raise PdkError(f"No LibreLane here says which version of {family} it is made for: name it.")
    return version


def _check_source(source: str | None) -> None:
    if source is not None and "://" not in source and not Path(source).is_dir():
        raise PdkError(f"{source} is no folder, no archive and no address.")
