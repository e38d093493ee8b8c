"""What the docker executor is told: the images, the volumes, the runtime."""

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.core.images import image_for
from app.core.settings import Settings

#: A container's label that tells whose it is, among all who use the engine.
INSTANCE_LABEL = "a6hub.instance"
JOB_LABEL = "a6hub.job"


@dataclass(frozen=True)
class DockerOptions:
    """How this worker uses an engine."""

    images: Mapping[str, str]
    instance: str
    #: Volumes of the engine, or folders of its machine, and where the worker has them; none if the
    #: worker runs on the engine's machine itself.
    volumes: tuple[tuple[str, Path], ...] = ()
    runtime: str = ""
    cpus: float = 4

    @classmethod
    def of(cls, settings: Settings) -> "DockerOptions":
        """Return what the settings say; OSError if the work folder cannot be written."""
        return cls(
            images=settings.docker_images,
            instance=instance_of(settings.work_dir),
            volumes=settings.docker_volumes,
            runtime=settings.docker_runtime,
            cpus=settings.docker_cpus,
        )

    def image_for(self, tools: str) -> str | None:
        """Return the image for a family of tools."""
        return image_for(self.images, tools)


def instance_of(work_dir: Path) -> str:
    """Return the name of whoever works in `work_dir`, made when it is first asked for.

    Two a6hubs on one engine must not remove each other's containers. What they can not share is
    the folder in which their jobs' folders are, so the name lies there.
    """
    file = work_dir / "instance"
    if not file.exists():
        work_dir.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"instance-{secrets.token_hex(8)}")
        fresh.write_text(secrets.token_hex(8))
        with contextlib.suppress(FileExistsError):  # another process was the first
            os.link(fresh, file)
        fresh.unlink()
    return file.read_text()
