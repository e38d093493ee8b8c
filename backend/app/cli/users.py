"""`./a6hub users`: who may log in."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.accounts.managing import add_user, list_users, set_active, set_admin, set_password
from app.cli.operating import operating

users = typer.Typer(no_args_is_help=True, help="Make, list, lock and change users.")
Name = Annotated[str, typer.Argument(help="The user's name.")]


@users.command(name="list")
def list_all() -> None:
    """Show all users."""
    table = Table("user", "rights", "state", "since", box=None)
    with operating() as context, context.database.reading() as session:
        for user in list_users(session):
            rights = "administrator" if user.is_admin else "user"
            state = "active" if user.is_active else "locked"
            table.add_row(Text(user.username), rights, state, f"{user.created_at:%Y-%m-%d}")
    Console().print(table)


@users.command()
def add(
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="See and change everything.")] = False,
) -> None:
    """Make a user. The password is asked for, or read from standard input."""
    with operating() as context:
        add_user(context.database, name, _password(), admin=admin)
    typer.echo(f"{name} can log in.")


@users.command()
def password(name: Name) -> None:
    """Give a user a new password, asked for or read from standard input; log-ins end."""
    with operating() as context:
        set_password(context.database, name, _password())
    typer.echo(f"{name} has a new password.")


@users.command()
def lock(name: Name) -> None:
    """Keep a user out; log-ins end at once, jobs go on."""
    with operating() as context:
        set_active(context.database, name, active=False)
    typer.echo(f"{name} cannot log in.")


@users.command()
def unlock(name: Name) -> None:
    """Let a locked user in again."""
    with operating() as context:
        set_active(context.database, name, active=True)
    typer.echo(f"{name} can log in.")


@users.command()
def admin(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Make a plain user of them.")] = False,
) -> None:
    """Make a user an administrator."""
    with operating() as context:
        set_admin(context.database, name, admin=not undo)
    typer.echo(f"{name} is {'a plain user' if undo else 'an administrator'}.")


def _password() -> str:
    """Return what was typed twice without being shown, or a line of standard input."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")
