"""`./a6hub images list|pull|build-flow`: the images that jobs may run in (A6HUB_DOCKER_IMAGES)."""

from enum import StrEnum
from typing import Annotated

import typer

from app.cli.flow_image import build_flow_image
from app.core.settings import Settings
from app.executors.docker.engine import EngineError
from app.executors.docker.images import Image, find_images, pull

_CANNOT = "has no registry: build or import it on the engine, then name the digest that it gets"


class Action(StrEnum):
    """What to do."""

    LIST = "list"
    PULL = "pull"
    BUILD_FLOW = "build-flow"


def images(
    action: Annotated[Action, typer.Argument(help="Show them, fetch them, or make one.")],
) -> None:
    """List the images that jobs may run in, pull those that are missing, or make one.

    build-flow makes one of this machine's LibreLane with the offline flow.
    """
    if action is Action.BUILD_FLOW:
        _build_flow()
        return
    try:
        settings = Settings()
        found = list(find_images(settings.docker_host, settings.docker_images))
        if not found:
            typer.echo("A6HUB_DOCKER_IMAGES names no image.", err=True)
        done = [_pull(settings, one) if action is Action.PULL else _show(one) for one in found]
    except EngineError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if not all(done):
        raise typer.Exit(1)


def _build_flow() -> None:
    # Whatever jobs are set to run in: there may be no image yet to name.
    settings = Settings(executor="bubblewrap", librelane="environment")
    if settings.flow_python is None:
        typer.echo("There is no LibreLane here; `./a6hub doctor` sets one up.", err=True)
        raise typer.Exit(1)
    typer.echo(f"making an image of {settings.flow_python.parents[1]} ...")
    try:
        digest = build_flow_image(settings.docker_host, settings.flow_python.absolute())
    except (EngineError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"A6HUB_DOCKER_IMAGES=librelane={digest}\nA6HUB_LIBRELANE=image")


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
