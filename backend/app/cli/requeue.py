"""`./a6hub requeue`: take a running job from a worker that is stuck."""

from typing import Annotated

import typer

from app.cli.operating import operating
from app.jobs.requeue import requeue


def requeue_job(job: Annotated[int, typer.Argument(help="The job's number.")]) -> None:
    """Send a running job back to the queue. What its worker still does for it counts nothing."""
    with operating() as context:
        worker = requeue(context, job)
    typer.echo(f"Job {job} was taken from {worker}.")
