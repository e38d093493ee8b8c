"""`./a6hub status`, `down` and `worker`: about the stack that `up` runs."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.joining import names_a_stack, running_here, settings_of
from app.cli.parts import WORKER_OPTIONS
from app.cli.running import find, is_held
from app.cli.stack import BACKEND, default_data
from app.core.settings import Settings

_Data = Annotated[Path | None, typer.Option(help="The data folder.")]


def status(data: _Data = None) -> None:
    """Say whether a stack runs, and where everything is. The exit status is 1 if none does."""
    folder = (data or default_data()).absolute()
    description = _running(folder)
    state = "ready" if description["ready"] else "starting"
    typer.echo(f"A stack runs on {folder} ({state}, process {description['supervisor']}).")
    typer.echo(f"pages and API  {description['url']}")
    typer.echo(f"Flower         {description['flower']}")
    typer.echo(f"password       {description['admin_password_file']}")
    typer.echo(f"logs           {description['logs']}")
    for name, pid in description["pids"].items():
        typer.echo(f"  {'✓' if pid else '✗'} {name}: {f'process {pid}' if pid else 'dead'}")
    if not all(description["pids"].values()):
        raise typer.Exit(1)


def down(data: _Data = None) -> None:
    """Stop the stack and wait until it has stopped."""
    folder = (data or default_data()).absolute()
    os.kill(_running(folder)["supervisor"], signal.SIGTERM)
    typer.echo("stopping ...")
    while is_held(folder):
        time.sleep(0.1)
    typer.echo("stopped")


def worker(context: typer.Context, data: _Data = None) -> None:
    """Run one more worker; options go to Celery.

    For the stack that the environment names (CELERY_BROKER_URL, REDIS_HOST, A6HUB_DATABASE_URL and
    so on), or else for the one that `up` runs.
    """
    folder = (data or default_data()).absolute()
    description = running_here(folder)
    if description is None and not names_a_stack():
        description = _running(folder)
    os.environ.update(settings_of(description) if description else {})
    Settings()  # what is wrong with them is told here; Celery would show a traceback
    name = f"--hostname=worker-{os.getpid()}@%h"
    celery = ["celery", "-A", "app.workers.celery_app", "worker", name, *WORKER_OPTIONS]
    celery += context.args
    os.chdir(BACKEND)
    os.execv(sys.executable, [sys.executable, "-m", *celery])  # noqa: S606 - no shell


def _running(folder: Path) -> dict[str, Any]:
    description = find(folder)
    if description is None:
        typer.echo(f"No stack runs on {folder}. Start one with: ./a6hub up", err=True)
        raise typer.Exit(1)
    return description
