"""From a command and this worker's settings to what surrounds the command in a container."""

import os

from app.executors.base import Command, Mount
from app.executors.docker.body import JOB, Bind, Frame
from app.executors.docker.engine import Engine, NoImageError
from app.executors.docker.facts import Facts
from app.executors.docker.options import INSTANCE_LABEL, DockerOptions
from app.executors.docker.places import UnfitError, engine_path
from app.executors.folders import PLAIN_USER

_NOT_NAMED = (
    "A6HUB_DOCKER_IMAGES names no image for {tools}, and no default: the operator has to add one."
)
_NOT_THERE = (
    "The image {image} is not on the container engine. The operator fetches it with: "
    "./a6hub images pull, or docker pull"
)
_NO_LIMITS = (
    "The container engine cannot limit memory and processes here, so it runs no jobs: it needs "
    "control groups (docs/docker.md)."
)


def make_frame(engine: Engine, options: DockerOptions, command: Command) -> Frame:
    """Return what surrounds `command`. Raises UnfitError and EngineError."""
    facts = Facts.of(engine.info())
    if not (facts.limits_memory and facts.limits_processes):
        raise UnfitError(_NO_LIMITS)
    image = _image(options, command)
    return Frame(
        image=image,
        image_volumes=_image_volumes(engine, image),
        user=_user(),
        binds=_binds(engine, options, command),
        labels={**command.labels, INSTANCE_LABEL: options.instance},
        cpus=min(options.cpus, facts.cpus),
        runtime=options.runtime,
    )


def _image(options: DockerOptions, command: Command) -> str:
    image = options.image_for(command.tools)
    if image is None:
        raise UnfitError(_NOT_NAMED.format(tools=command.tools or "this tool"))
    return image


def _image_volumes(engine: Engine, image: str) -> tuple[str, ...]:
    try:
        return engine.image_volumes(image)
    except NoImageError:
        raise UnfitError(_NOT_THERE.format(image=image)) from None


def _user() -> str:
    """Return who the command is: this process's user, but never root."""
    if os.geteuid() == 0:
        return f"{PLAIN_USER}:{PLAIN_USER}"
    return f"{os.geteuid()}:{os.getegid()}"


def _binds(engine: Engine, options: DockerOptions, command: Command) -> tuple[Bind, ...]:
    def bind(mount: Mount) -> Bind:
        source = engine_path(mount.source, options.volumes, engine.mountpoint)
        return Bind(source, str(mount.target), mount.writable)

    job = Mount(command.cwd, JOB, writable=True)
    return tuple(bind(mount) for mount in (*command.mounts, job))
