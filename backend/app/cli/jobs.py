"""`./a6hub pin` and `./a6hub delete`: which of one's jobs stay."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import httpx2
import typer

from app.cli.client import Client, RefusedError
from app.cli.server import NoServerError, connect

_Job = Annotated[int, typer.Argument(help="The job's number.")]


def pin(
    job: _Job,
    undo: Annotated[bool, typer.Option("--undo", help="Let it be removed again.")] = False,
) -> None:
    """Keep a job and its files from being removed by the retention."""
    with _connected() as client:
        client.pin(job, pinned=not undo)
    typer.echo(f"Job {job} is {'not pinned any more' if undo else 'pinned'}.")


def delete(job: _Job) -> None:
    """Delete a job that has ended, with its files."""
    with _connected() as client:
        client.delete(job)
    typer.echo(f"Job {job} is deleted.")


@contextmanager
def _connected() -> Iterator[Client]:
    """Yield a client; what is refused is said, with exit status 1."""
    try:
        with connect() as client:
            yield client
    except (httpx2.HTTPError, NoServerError) as error:
        typer.echo(f"a6hub: {error.words if isinstance(error, RefusedError) else error}", err=True)
        raise typer.Exit(1) from None
