"""`./a6hub docker-filter`: a socket for workers that makes nobody root (docs/docker.md)."""

import re
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.core.logging import setup_logging
from app.core.settings import Settings
from app.executors.docker.engine import Engine, EngineError
from app.executors.docker.filter.create import Allowed
from app.executors.docker.filter.server import FilterServer
from app.executors.docker.filter.settings import make_allowed
from app.executors.docker.places import UnfitError
from app.executors.folders import PLAIN_USER

_ENGINE = Path("/var/run/docker.sock")
_USER = f"{PLAIN_USER}:{PLAIN_USER}"  # if the worker is root, in its container or outside


def docker_filter(
    listen: Annotated[Path, typer.Argument(help="The socket to make, for workers.")],
    engine: Annotated[Path, typer.Option(help="The engine's own socket.")] = _ENGINE,
    user: Annotated[str, typer.Option(help="Whom jobs run as: a worker's user.")] = _USER,
    group: Annotated[str | None, typer.Option(help="The group that may use it.")] = None,
) -> None:
    """Let through what the docker executor asks of an engine, and no more, until SIGTERM."""
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", user):
        raise typer.BadParameter("Give UID:GID, neither of them root's.")
    try:
        settings = Settings()
        setup_logging(settings)
        with Engine(f"unix://{engine.absolute()}") as known:
            allowed = make_allowed(settings, known, user)
        with _listening(listen, engine, allowed) as server:
            if group:
                shutil.chown(listen, group=group)
            _serve(server)
    except (EngineError, UnfitError, OSError, LookupError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@contextmanager
def _listening(listen: Path, engine: Path, allowed: Allowed) -> Iterator[FilterServer]:
    """Make the socket, and remove it at the end; OSError when something else has its name."""
    is_free = not listen.exists() or (listen.is_socket() and not listen.samefile(engine))
    if not is_free:
        raise FileExistsError(f"{listen} is there and is no socket of a filter; name a new one.")
    with FilterServer(listen, engine, allowed) as server:
        try:
            yield server
        finally:
            listen.unlink(missing_ok=True)


def _serve(server: FilterServer) -> None:
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    typer.echo("ready")
    ending.wait()
    server.shutdown()
