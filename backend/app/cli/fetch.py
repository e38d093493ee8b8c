"""`./a6hub fetch`: the files that a job produced, into a folder here."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from app.cli.client import Client
from app.cli.server import connected
from app.web.report.words import bytes_in_words


def fetch(
    job: Annotated[int, typer.Argument(help="The job's number.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Where to put them; by default job-JOB.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Only these: gds, netlist, report, ...")
    ] = None,
) -> None:
    """Fetch what a job produced: all its artifacts, or those of some kinds (one option each)."""
    target = folder or Path(f"job-{job}")
    with connected() as client:
        wanted = _chosen(client, job, kind or [])
        for one in wanted:
            client.save(one, _place(target, one["name"]))
    size = bytes_in_words(sum(one["size"] for one in wanted))
    typer.echo(f"{len(wanted)} {'file' if len(wanted) == 1 else 'files'}, {size}: {target}")


def _chosen(client: Client, job: int, kinds: list[str]) -> list[dict[str, Any]]:
    """Return a job's artifacts of these kinds, or all if none is named."""
    there = client.artifacts(job)
    chosen = [one for one in there if not kinds or one["kind"] in kinds]
    if not chosen:
        known = ", ".join(sorted({one["kind"] for one in there}))
        what = f"Job {job} has no such files; it has: {known}." if known else f"Job {job} has none."
        typer.echo(f"a6hub: {what}", err=True)
        raise typer.Exit(1)
    return chosen


def _place(target: Path, name: str) -> Path:
    """Return where a file goes: below `target`, whatever a server calls it."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise typer.BadParameter(f"The server names a file {name!r}.")
    place = target / path
    place.parent.mkdir(parents=True, exist_ok=True)
    return place
