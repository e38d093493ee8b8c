"""From the settings, which are those of the worker, to what is allowed."""

from pathlib import Path

from app.core.settings import Settings
from app.executors.base import Limits
from app.executors.docker.engine import Engine
from app.executors.docker.filter.create import Allowed
from app.executors.docker.places import engine_path


def make_allowed(settings: Settings, engine: Engine, user: str) -> Allowed:
    """Return what the settings allow, to containers of this user, 'uid:gid'.

    Raises EngineError and UnfitError.
    """

    def known(path: Path) -> str:
        return engine_path(path, settings.docker_volumes, engine.mountpoint)

    return Allowed(
        images=frozenset(settings.docker_images.values()),
        volumes=frozenset(name for name, _ in settings.docker_volumes if name[0] != "/"),
        work_folder=known(settings.work_dir),
        shown=tuple(map(known, settings.docker_shown)),
        user=user,
        runtime=settings.docker_runtime,
        cpus=settings.docker_cpus,
        limits=Limits(
            wall_seconds=0,
            memory_bytes=settings.job_memory_bytes,
            processes=settings.job_processes,
            disk_bytes=settings.job_disk_bytes,
        ),
    )
