"""Where LibreLane and its PDKs are."""

from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from app.core.settings.executors import ExecutorSettings
from app.core.settings.group import WORKER, own


class LibreLaneSettings(ExecutorSettings):
    """LibreLane is in an environment or in an image; PDKs are in one folder."""

    section: ClassVar = "Executors and tools"

    flow_python: Path | None = Field(
        None,
        validation_alias=own("FLOW_PYTHON"),
        description="The Python of an environment with LibreLane. `./a6hub` names its own.",
        json_schema_extra=WORKER,
    )
    librelane: Literal["auto", "environment", "image"] = Field(
        "auto",
        validation_alias="A6HUB_LIBRELANE",
        description="Where LibreLane is. `auto`: in the image if the executor has images and there "
        "is no environment.",
        json_schema_extra=WORKER,
    )
    pdk_root: Path | None = Field(
        None,
        validation_alias=own("PDK_ROOT"),
        description="The folder of the PDKs. `./a6hub` names its own.",
        json_schema_extra=WORKER,
    )
    pdk: str = Field(
        "",
        validation_alias="A6HUB_PDK",
        description="The PDK of builds that name none. Empty: `sky130A` if it is there, else the "
        "first.",
        json_schema_extra=WORKER,
    )

    @model_validator(mode="after")
    def _librelane_in_an_image_needs_docker(self) -> Self:
        if self.librelane == "image" and self.executor != "docker":
            raise ValueError(
                "A6HUB_LIBRELANE=image needs A6HUB_EXECUTOR=docker, and in A6HUB_DOCKER_IMAGES an "
                "image for `librelane` (docs/docker.md)"
            )
        return self
