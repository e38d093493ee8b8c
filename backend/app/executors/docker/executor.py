"""The executor's face: one command in, one exit out. See the package for how it works."""

import os
import tempfile
import threading
import time
from functools import cached_property
from pathlib import Path

from app.core.images import DEFAULT
from app.core.logging import get_logger
from app.core.settings import Settings
from app.executors.base import Command, Exit, IsAlive, Limits, Outcome, OutputSink, Usage
from app.executors.docker.body import JOB, container_body
from app.executors.docker.engine import Engine, EngineAwayError, EngineError
from app.executors.docker.facts import Facts, is_filtered
from app.executors.docker.frame import make_frame
from app.executors.docker.options import INSTANCE_LABEL, JOB_LABEL, DockerOptions
from app.executors.docker.places import UnfitError
from app.executors.docker.report import make_exit
from app.executors.docker.run import ContainerRun
from app.executors.ending import not_started
from app.executors.folders import give_to_plain_user
from app.executors.watches import CpuWatch, DiskWatch

log = get_logger(__name__)

_CHECK_LIMITS = Limits(60, memory_bytes=64 << 20, processes=8, disk_bytes=1 << 20)
_RAW_SOCKET = (
    "THE WORKER HOLDS ROOT'S CONTAINER ENGINE: {host} belongs to an engine that runs as root, with "
    "nothing before it. Whoever breaks into the worker is root on the engine's machine. Use a "
    "rootless engine, or put a6hub's filter before the socket: docs/docker.md"
)


class DockerExecutor:
    """Runs each command in a container of its own. Several threads may use it."""

    name = "docker"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._away = False

    def run(self, command: Command, output: OutputSink, stop: threading.Event) -> Exit:
        """See Executor.run.

        The output is in the order written, standard error too.
        """
        if stop.is_set():
            return Exit(Outcome.STOPPED, Usage(0), message="The command was stopped.")
        asked = time.monotonic()
        try:
            with self._engine() as engine:
                container = engine.create(self._body(engine, command))
                with ContainerRun(engine, container, asked) as running:
                    return _run(running, command, output, stop)
        except (EngineError, UnfitError) as error:
            return not_started(str(error), is_outage=isinstance(error, EngineAwayError))

    def inside(self, folder: Path) -> Path:
        """See Executor.inside: every job sees the same."""
        return JOB

    def protections(self) -> dict[str, bool]:
        """See Executor.protections."""
        works = self.check() is None
        found = dict.fromkeys(("nothing survives", "files", "network", "no root"), works)
        try:
            with self._engine() as engine:
                return found | _of_engine(Facts.of(engine.info()), is_filtered(engine))
        except EngineError:
            return found

    def warnings(self) -> list[str]:
        """See Executor.warnings."""
        try:
            with self._engine() as engine:
                safe = Facts.of(engine.info()).rootless or is_filtered(engine)
        except EngineError as error:
            return [str(error)]
        return [] if safe else [_RAW_SOCKET.format(host=self._settings.docker_host)]

    def check(self) -> str | None:
        """See Executor.check."""
        work_dir = self._settings.work_dir
        try:
            work_dir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=work_dir, prefix="check-") as folder:
                tools = min(self._settings.docker_images, key=lambda name: name != DEFAULT)
                command = Command(("true",), Path(folder), {}, _CHECK_LIMITS, tools=tools)
                end = self.run(command, lambda _: None, threading.Event())
        except OSError as error:
            return str(error)
        return None if end.ok else end.message or "The engine does not run containers."

    def sweep(self, is_alive: IsAlive) -> None:
        """See Executor.sweep: containers outlive a worker if the command wants them to."""
        try:
            with self._engine() as engine:
                for container, labels in engine.labelled(self._own_label):
                    if JOB_LABEL in labels and not is_alive(labels):
                        engine.remove(container)
                        log.info("dead container removed", id=container, labels=labels)
            self._away = False
        except EngineError as error:
            if not self._away:  # once is enough: this is called every few seconds
                log.warning("dead containers cannot be looked for", error=str(error))
            self._away = True

    @cached_property
    def _options(self) -> DockerOptions:
        return DockerOptions.of(self._settings)

    @property
    def _own_label(self) -> str:
        return f"{INSTANCE_LABEL}={self._options.instance}"

    def _engine(self) -> Engine:
        return Engine(self._settings.docker_host)

    def _body(self, engine: Engine, command: Command) -> dict[str, object]:
        try:
            frame = make_frame(engine, self._options, command)
            if os.geteuid() == 0:
                give_to_plain_user(command.cwd)
        except OSError as error:
            raise UnfitError(f"The job's folder cannot be used: {error}.") from None
        return container_body(command, frame)


def _run(
    running: ContainerRun, command: Command, output: OutputSink, stop: threading.Event
) -> Exit:
    disk = DiskWatch([command.cwd], command.limits.disk_bytes)
    cpu = CpuWatch(running.cpu_seconds, command.limits.cpu_seconds)
    try:
        end = running.to_end(command.limits, [disk, cpu], output, stop)
    except EngineError as error:
        if running.started:
            return Exit(Outcome.LOST, Usage(0), message=str(error))
        raise
    return make_exit(end, command, disk)


def _of_engine(facts: Facts, filtered: bool) -> dict[str, bool]:
    return {
        "memory limit by control group": facts.limits_memory,
        "process limit by control group": facts.limits_processes,
        "system call filter": facts.seccomp,
        "engine's socket gives no root": facts.rootless or filtered,
        "user namespace (optional)": facts.user_namespaces,
        "filtered socket (optional)": filtered,
    }
