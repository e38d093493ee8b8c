"""`./a6hub workers` and `./a6hub drain`."""

from typing import Annotated

import typer

from app.cli.operating import operating
from app.jobs.holds import drain, undrain
from app.jobs.presence import Presence, workers


def list_workers() -> None:
    """List the workers: whether each is there, drained, and the jobs that it runs."""
    with operating() as context, context.database.reading() as session:
        for one in workers(session):
            jobs = ", ".join(map(str, one.jobs)) or "none"
            typer.echo(f"{one.report.name}  {_state(one)}, {one.report.executor}, jobs: {jobs}")


def drain_worker(
    worker: Annotated[str, typer.Argument(help="Its name, as `workers` lists it.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it begin jobs again.")] = False,
) -> None:
    """Have a worker finish what it runs and begin nothing more, so that it can be stopped."""
    with operating() as context:
        (undrain if undo else drain)(context.database, worker)
    typer.echo(f"{worker} {'begins jobs again' if undo else 'begins no job any more'}.")


def _state(one: Presence) -> str:
    presence = "there" if one.is_there else "away"
    return f"{presence}, draining" if one.is_draining else presence
