"""What it costs to start a command: a bare process, and each executor, in turn in one run.

    ./a6hub bench startup --runs 50

The command is true(1); the time is from the call to its known end. The docker executor is measured
on the engine that A6HUB_DOCKER_HOST and A6HUB_DOCKER_IMAGES name, or else on one started for this
run (which needs root and Debian's docker.io), with and without a6hub's filter before its socket.
"""

import argparse
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from app.core.settings import Settings
from app.executors.base import Command, Executor, Limits
from app.executors.docker.engine import Engine
from app.executors.docker.filter.server import FilterServer
from app.executors.docker.filter.settings import make_allowed
from app.executors.folders import PLAIN_USER
from app.executors.registry import make_executor
from tests.executors.engine import NoEngineError, running_engine
from tests.executors.image import make_image

_LIMITS = Limits(wall_seconds=60, memory_bytes=256 << 20, processes=64)
_USER = f"{PLAIN_USER}:{PLAIN_USER}"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=50)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ways = {"bare process": _bare} | _plain_ways(data)
        try:
            ways |= stack.enter_context(_container_ways(data))
        except NoEngineError as error:
            print(f"without docker: {error}")
        _print_table(_measure(ways, arguments.runs))


def _bare() -> None:
    subprocess.run(["true"], check=True)


def _plain_ways(data: Path) -> dict[str, Callable[[], None]]:
    made = (
        make_executor(Settings(executor="process", trusted=True, data_dir=data)),
        make_executor(Settings(executor="bubblewrap", data_dir=data)),
    )
    return {executor.name: _runner(executor, data) for executor in made}


@contextmanager
def _container_ways(data: Path) -> Iterator[dict[str, Callable[[], None]]]:
    with ExitStack() as stack:
        settings = stack.enter_context(_engine(data))
        ways = {"docker": _runner(make_executor(settings), data)}
        behind = stack.enter_context(_filter(settings))
        yield ways | {"docker, filtered": _runner(make_executor(behind), data)}


@contextmanager
def _engine(data: Path) -> Iterator[Settings]:
    """Yield the settings of the operator's engine, or of one started here."""
    given = Settings()
    if given.docker_images:
        yield given.model_copy(update={"executor": "docker", "data_dir": data})
        return
    with running_engine() as engine:
        with closing(engine.client()) as client:
            images = {"default": make_image(client)}
        yield Settings(
            executor="docker", docker_host=engine.host, docker_images=images, data_dir=data
        )


@contextmanager
def _filter(settings: Settings) -> Iterator[Settings]:
    """Yield the same settings with a filter before the socket."""
    with Engine(settings.docker_host) as engine:
        allowed = make_allowed(settings, engine, _USER)
    listen = settings.data_dir / "filter"
    real = Path(settings.docker_host.removeprefix("unix://"))
    with FilterServer(listen, real, allowed) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield settings.model_copy(update={"docker_host": f"unix://{listen}"})
        server.shutdown()


def _runner(executor: Executor, data: Path) -> Callable[[], None]:
    job = data / "work" / "1-1" / "job"
    job.mkdir(parents=True, exist_ok=True)
    command = Command(("true",), job, {}, _LIMITS)

    def run() -> None:
        end = executor.run(command, lambda _: None, threading.Event())
        if not end.ok:
            raise SystemExit(f"{executor.name}: {end.message}")

    return run


def _measure(ways: dict[str, Callable[[], None]], runs: int) -> dict[str, list[float]]:
    """Return the times of each, in seconds; in turn, so that a busy moment hits all alike."""
    for run in ways.values():
        run()
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, run in ways.items():
            began = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - began)
    return taken


def _print_table(taken: dict[str, list[float]]) -> None:
    bare = statistics.median(taken["bare process"])
    print(f"{'way':<18}{'runs':>6}{'p50 ms':>10}{'p95 ms':>10}{'ratio':>8}")
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        late = sorted(seconds)[int(0.95 * (len(seconds) - 1))]
        print(f"{name:<18}{len(seconds):>6}{middle * 1e3:>10.1f}{late * 1e3:>10.1f}", end="")
        print(f"{middle / bare:>8.1f}")


if __name__ == "__main__":
    main()
