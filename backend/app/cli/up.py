"""`./a6hub up`: the stack on this machine, to stay."""

import os
import socket
from pathlib import Path
from typing import Annotated

import typer

from app.cli import parts
from app.cli.running import AlreadyRunningError, only_one
from app.cli.stack import ADMIN, BACKEND, Stack, default_data
from app.cli.supervisor import StartError, Supervisor


def up(
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
    port: Annotated[int, typer.Option(help="The API's port; 0: a free one.", max=65535)] = 0,
    flower_port: Annotated[int, typer.Option(help="Flower's; 0: a free one.", max=65535)] = 0,
) -> None:
    """Run the stack on this machine until Ctrl-C or `./a6hub down`."""
    folder = (data or default_data()).absolute()
    try:
        for wanted in filter(None, (port, flower_port)):
            _check_free(wanted)
        with only_one(folder):
            _run(Stack(folder, port, flower_port))
    except (AlreadyRunningError, StartError) as error:
        _say(str(error))
        raise typer.Exit(1) from None


def _run(stack: Stack) -> None:
    supervisor = Supervisor(stack, _say)
    try:
        _start(stack, supervisor)
        if not supervisor.stopping:
            _announce(stack)
        supervisor.keep_running()
    finally:
        _say("stopping ...")
        supervisor.stop()
        _say("stopped")


def _start(stack: Stack, supervisor: Supervisor) -> None:
    """Start part after part; what depends on nothing else is done side by side."""
    redis = parts.redis(stack)
    supervisor.start(redis)
    _prepare(stack)
    supervisor.await_parts(redis)
    api, worker = parts.api(stack), parts.worker(stack)
    supervisor.start(api, worker)
    supervisor.await_parts(api)
    supervisor.mark_ready()
    supervisor.await_parts(worker)
    flower = parts.flower(stack)
    supervisor.start(flower)
    supervisor.await_parts(flower)


def _prepare(stack: Stack) -> None:
    """Make the database and the first user, with the settings that the parts will see."""
    os.environ.update(stack.environment())
    os.chdir(BACKEND)
    from app.cli.prepare import NotUsableError, prepare  # noqa: PLC0415 - while Redis starts

    try:
        warnings = prepare(stack.admin_password)
    except NotUsableError as error:
        raise StartError(str(error)) from None
    for warning in warnings:
        _say(warning)


def _announce(stack: Stack) -> None:
    _say(f"pages and API  {stack.url}  (user {ADMIN}, password in {stack.data}/secrets/admin)")
    _say(f"Flower         {stack.flower_url}  (user {ADMIN}, {stack.data}/secrets/flower)")
    _say(f"data, logs     {stack.data}, {stack.data}/logs")
    _say("ready; Ctrl-C stops it all")


def _check_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise StartError(f"Port {port} cannot be used: {os.strerror(error.errno or 0)}.") from None


def _say(text: str) -> None:
    typer.echo(f"a6hub: {text}", err=True)
