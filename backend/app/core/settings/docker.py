"""What the docker executor and the filter before the engine go by."""

from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode

from app.core.images import parse_folders, parse_images, parse_volumes
from app.core.settings.executors import ExecutorSettings
from app.core.settings.group import FILTER, FILTERED, WORKER


class DockerSettings(ExecutorSettings):
    """The engine, the images and folders that jobs may have of it."""

    section: ClassVar = "Executors and tools"

    docker_host: str = Field(
        "unix:///var/run/docker.sock",
        validation_alias="A6HUB_DOCKER_HOST",
        pattern="^unix:///",
        description="The engine's socket, or better a filter's before it.",
        json_schema_extra=WORKER,
    )
    docker_images: Annotated[dict[str, str], NoDecode, BeforeValidator(parse_images)] = Field(
        {},
        validation_alias="A6HUB_DOCKER_IMAGES",
        description="The images that jobs may run in, each by its digest: "
        "`default=NAME@sha256:... librelane=NAME@sha256:...`.",
        json_schema_extra=FILTERED,
    )
    docker_volumes: Annotated[
        tuple[tuple[str, Path], ...], NoDecode, BeforeValidator(parse_volumes)
    ] = Field(
        (),
        validation_alias="A6HUB_DOCKER_VOLUMES",
        description="Of a worker in a container: which volumes or folders of the engine's machine "
        "are where: `VOLUME:/folder ...`.",
        json_schema_extra=FILTERED,
    )
    docker_shown: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(parse_folders)] = Field(
        (),
        validation_alias="A6HUB_DOCKER_SHOWN",
        description="What a filter before the engine lets jobs see read-only, as the worker knows "
        "it.",
        json_schema_extra=FILTER,
    )
    docker_runtime: str = Field(
        "",
        validation_alias="A6HUB_DOCKER_RUNTIME",
        description="The engine's runtime for jobs: `runsc` for gVisor. Empty: the engine's own.",
        json_schema_extra=FILTERED,
    )
    docker_cpus: float = Field(
        4,
        validation_alias="A6HUB_DOCKER_CPUS",
        gt=0,
        description="CPUs of each job, as far as the engine's machine has them.",
        json_schema_extra=FILTERED,
    )

    @model_validator(mode="after")
    def _docker_executor_needs_images(self) -> Self:
        if self.executor == "docker" and not self.docker_images:
            raise ValueError(
                "A6HUB_EXECUTOR=docker needs A6HUB_DOCKER_IMAGES, the images that jobs may run in, "
                "such as default=sha256:... (docs/docker.md)"
            )
        return self
