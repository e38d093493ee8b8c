"""`./a6hub docs`: the documentation as pages for a browser, which need no network."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.stack import BACKEND, default_data

SOURCE = BACKEND.parent / "docs"


def docs(
    into: Annotated[
        Path | None, typer.Option(help="The folder for the pages; by default .a6hub/docs.")
    ] = None,
) -> None:
    """Make docs/reference from the code, and of all in docs/ pages for a browser.

    The exit status is 1 when anything is wrong with a page: a link that leads nowhere, for example.
    """
    folder = (into or default_data().parent / "docs").absolute()
    subprocess.run([sys.executable, "-m", "reference.pages"], cwd=BACKEND, check=True)
    if subprocess.run(sphinx(folder), cwd=BACKEND, check=False).returncode != 0:
        raise typer.Exit(1)
    typer.echo(f"{folder}/index.html")


def sphinx(folder: Path) -> list[str]:
    """Return the command that makes pages: each reference is looked for, warnings are errors."""
    strict = ("-q", "-n", "-W", "--keep-going")
    return [sys.executable, "-m", "sphinx", *strict, str(SOURCE), str(folder)]
