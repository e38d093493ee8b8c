"""From settings to an executor."""

from app.core.settings import Settings
from app.executors.base import Executor
from app.executors.bubblewrap import BubblewrapExecutor
from app.executors.process import ProcessExecutor


def make_executor(settings: Settings) -> Executor:
    """Return the executor that the settings name."""
    if settings.executor == "docker":
        # Only here: its library takes longer to load than a sandbox takes to run
        from app.executors.docker.executor import DockerExecutor  # noqa: PLC0415 - see above

        return DockerExecutor(settings)
    return ProcessExecutor() if settings.executor == "process" else BubblewrapExecutor()
