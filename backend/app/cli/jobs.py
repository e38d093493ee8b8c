"""`./a6hub pin` and `./a6hub delete`: which of one's jobs stay."""

from typing import Annotated

import typer

from app.cli.server import connected

_Job = Annotated[int, typer.Argument(help="The job's number.")]


def pin(
    job: _Job,
    undo: Annotated[bool, typer.Option("--undo", help="Let it be removed again.")] = False,
) -> None:
    """Keep a job and its files from being removed by the retention."""
    with connected() as client:
        client.pin(job, pinned=not undo)
    typer.echo(f"Job {job} is {'not pinned any more' if undo else 'pinned'}.")


def delete(job: _Job) -> None:
    """Delete a job that has ended, with its files."""
    with connected() as client:
        client.delete(job)
    typer.echo(f"Job {job} is deleted.")
