"""`./a6hub doctor`: what is there, what is missing or wrong, and what to do about it."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from app import __version__
from app.cli.doctor_builds import look_at_builds
from app.cli.doctor_machine import look_at_executor, look_at_files, look_at_tools
from app.cli.doctor_settings import look_at_settings
from app.cli.doctor_stack import look_at_parts, look_at_stack
from app.cli.finding import Finding
from app.cli.joining import names_a_stack, running_here, settings_of
from app.cli.stack import default_data
from app.core.settings import Settings, words_of_settings


def doctor(
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is missing or wrong. The exit status is 1 when anything is."""
    folder = (data or default_data()).absolute()
    findings = list(_look(folder))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _tell(findings)
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _tell(findings: list[Finding]) -> None:
    for finding in findings:
        typer.echo(f"{'✓' if finding.well else '✗'} {finding.name}: {finding.words}")
        if finding.advice:
            typer.echo(f"    {finding.advice}")


def _look(folder: Path) -> Iterator[Finding]:
    """Look at this machine, and at the stack on `folder` or that the environment names."""
    yield Finding("a6hub", True, __version__)
    description = running_here(folder)
    if description is not None:
        os.environ.update(settings_of(description))
    elif not names_a_stack():
        os.environ.setdefault("A6HUB_DATA_DIR", str(folder))
    try:
        settings = Settings()
    except ValidationError as error:
        for words in words_of_settings(error):
            yield Finding("settings", False, words, "Correct it.")
        return
    yield from look_at_tools(settings)
    yield from look_at_settings(settings)
    yield from look_at_files(settings)
    yield from look_at_builds(settings)
    yield from look_at_executor(settings)
    if description is not None:
        yield from look_at_parts(description)
    if description is not None or names_a_stack():
        yield from look_at_stack(settings)
    else:
        yield Finding("stack", True, "none runs here (./a6hub up starts one)")
