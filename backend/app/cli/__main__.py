"""`python -m app.cli COMMAND`, which is what `./a6hub COMMAND` becomes after set-up."""

import sys
from collections.abc import Iterable
from importlib import import_module

import typer

#: Command -> where its function is. Only the one that is called is loaded.
COMMANDS = {
    "demo": "app.cli.demo:demo",
    "up": "app.cli.up:up",
    "build": "app.cli.build:build",
    "fetch": "app.cli.fetch:fetch",
    "pin": "app.cli.jobs:pin",
    "delete": "app.cli.jobs:delete",
    "status": "app.cli.control:status",
    "down": "app.cli.control:down",
    "worker": "app.cli.control:worker",
    "doctor": "app.cli.doctor:doctor",
    "docker-filter": "app.cli.docker_filter:docker_filter",
    "images": "app.cli.images:images",
    "pdk": "app.cli.pdk:pdk",
    "users": "app.cli.users:users",
    "sweep": "app.cli.sweep:sweep",
    "backup": "app.cli.backup:backup",
    "restore": "app.cli.backup:restore_backup",
    "prune-backups": "app.cli.backup:prune_backups",
    "maintenance": "app.cli.maintenance:maintenance",
    "workers": "app.cli.draining:list_workers",
    "drain": "app.cli.draining:drain_worker",
    "requeue": "app.cli.requeue:requeue_job",
    "lint": "app.cli.checks:lint",
    "docs": "app.cli.docs:docs",
    "test": "app.cli.checks:run_tests",
    "bench": "app.cli.checks:bench",
    "migrate": "app.cli.migrate:migrate",
    "migration": "app.cli.migration:migration",
}
#: Commands that pass on options that they do not know.
_PASS_ON = {"test", "bench", "worker"}


def main() -> None:
    """Run the command that the arguments name; a traceback is shown for faults of ours alone."""
    called = [word for word in sys.argv[1:2] if word in COMMANDS]
    try:
        command_line(called or COMMANDS)(prog_name="a6hub")
    except Exception as error:  # raised again but for what an operator can mend
        from app.cli.mistakes import words_of  # noqa: PLC0415 - 0.5 s for who makes none

        words = words_of(error)
        if words is None:
            raise
        typer.echo(words, err=True)
        raise SystemExit(1) from None


def command_line(names: Iterable[str]) -> typer.Typer:
    """Return the command line with these commands."""
    cli = typer.Typer(
        name="a6hub", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    cli.callback()(_a6hub)
    for name in names:
        module, _, function = COMMANDS[name].partition(":")
        loose = name in _PASS_ON
        context = {"allow_extra_args": loose, "ignore_unknown_options": loose}
        found = getattr(import_module(module), function)
        if isinstance(found, typer.Typer):  # one with commands of its own
            cli.add_typer(found, name=name)
        else:
            cli.command(name, context_settings=context)(found)
    return cli


def _a6hub() -> None:
    """Queue and run chip builds and simulations."""


if __name__ == "__main__":
    main()
