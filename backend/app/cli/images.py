"""`./a6hub images list|pull`: the images that jobs may run in (A6HUB_DOCKER_IMAGES)."""

from enum import StrEnum
from typing import Annotated

import typer
from pydantic import ValidationError

from app.core.settings import Settings
from app.executors.docker.engine import EngineError
from app.executors.docker.images import Image, find_images, pull

_CANNOT = "has no registry: build or import it on the engine, then name the digest that it gets"


class Action(StrEnum):
    """What to do."""

    LIST = "list"
    PULL = "pull"


def images(action: Annotated[Action, typer.Argument(help="Show them, or fetch them.")]) -> None:
    """List the images that jobs may run in, or pull those that are missing."""
    try:
        settings = Settings()
        found = list(find_images(settings.docker_host, settings.docker_images))
        if not found:
            typer.echo("A6HUB_DOCKER_IMAGES names no image.", err=True)
        done = [_pull(settings, one) if action is Action.PULL else _show(one) for one in found]
    except (ValidationError, EngineError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if not all(done):
        raise typer.Exit(1)


def _show(image: Image) -> bool:
    typer.echo(f"{'✓' if image.present else '✗'} {image.name}: {image.reference}")
    return True


def _pull(settings: Settings, image: Image) -> bool:
    """Fetch an image unless it is there; return whether it is there now."""
    if not image.present and not image.can_be_pulled:
        typer.echo(f"✗ {image.name}: {image.reference} {_CANNOT}")
        return False
    if not image.present:
        typer.echo(f"{image.name}: pulling {image.reference} ...")
        pull(settings.docker_host, image.reference, typer.echo)
    typer.echo(f"✓ {image.name}: {image.reference}")
    return True
