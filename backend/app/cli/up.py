"""`./a6hub up`: the stack on this machine, to stay."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from app.accounts.users import ensure_admin
from app.cli.stack import Stack, description_file
from app.cli.supervisor import StartError, Supervisor
from app.core.settings import Settings
from app.db.engine import Database
from app.db.migrate import upgrade

ADMIN = "admin"


def default_data() -> Path:
    """Return the data folder that is used unless another is given."""
    home = os.environ.get("A6HUB_HOME")
    return Path(home) / "data" if home else Path("/var/lib/a6hub")


def up(
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
    port: Annotated[int, typer.Option(help="The API's port; 0: a free one.", max=65535)] = 0,
) -> None:
    """Run the stack on this machine until Ctrl-C."""
    folder = (data or default_data()).absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            typer.echo(f"A stack runs on {folder} already: {description_file(folder)}", err=True)
            raise typer.Exit(1) from None
        _run(Stack(folder, port))


def _run(stack: Stack) -> None:
    settings = Settings(data_dir=stack.data)
    upgrade(settings)
    database = Database(settings.database)
    ensure_admin(database, ADMIN, stack.admin_password)
    database.close()
    try:
        Supervisor(stack, _say).run(_announce(stack))
    except StartError as error:
        _say(str(error))
        raise typer.Exit(1) from None
    finally:
        description_file(stack.data).unlink(missing_ok=True)


def _announce(stack: Stack) -> Callable[[], None]:
    def announce() -> None:
        _say(f"pages and API  {stack.url}  (user {ADMIN}, password in {stack.data}/secrets/admin)")
        _say(f"Flower         {stack.flower_url}  (user {ADMIN}, {stack.data}/secrets/flower)")
        _say(f"data, logs     {stack.data}, {stack.data}/logs")
        _say("ready; Ctrl-C stops it all")

    return announce


def _say(text: str) -> None:
    typer.echo(f"a6hub: {text}", err=True)
