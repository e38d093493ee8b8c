"""`python -m app.cli COMMAND`, which is what `./a6hub COMMAND` becomes after set-up."""

import sys
from importlib import import_module

import typer

#: Command -> where its function is. Only the one that is called is loaded.
_COMMANDS = {
    "demo": "app.cli.demo:demo",
    "up": "app.cli.up:up",
    "status": "app.cli.control:status",
    "down": "app.cli.control:down",
    "worker": "app.cli.control:worker",
    "doctor": "app.cli.doctor:doctor",
    "docker-filter": "app.cli.docker_filter:docker_filter",
    "images": "app.cli.images:images",
    "lint": "app.cli.checks:lint",
    "test": "app.cli.checks:run_tests",
    "bench": "app.cli.checks:bench",
    "migration": "app.cli.migration:migration",
}
#: Commands that pass on options that they do not know.
_PASS_ON = {"test", "bench", "worker"}


def main() -> None:
    """Run the command that the arguments name."""
    cli = typer.Typer(
        name="a6hub", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    cli.callback()(_a6hub)
    called = [word for word in sys.argv[1:2] if word in _COMMANDS]
    for name in called or _COMMANDS:
        module, _, function = _COMMANDS[name].partition(":")
        loose = name in _PASS_ON
        context = {"allow_extra_args": loose, "ignore_unknown_options": loose}
        cli.command(name, context_settings=context)(getattr(import_module(module), function))
    cli(prog_name="a6hub")


def _a6hub() -> None:
    """Queue and run chip builds and simulations."""


if __name__ == "__main__":
    main()
