"""`python -m app.cli COMMAND`, which is what `./a6hub COMMAND` becomes after set-up."""

import typer

from app.cli.checks import bench, lint, run_tests
from app.cli.demo import demo
from app.cli.doctor import doctor
from app.cli.up import up

cli = typer.Typer(
    name="a6hub", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
for command in (demo, up, doctor, lint):
    cli.command()(command)
#: Options that they do not know are passed on.
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
cli.command("test", context_settings=_PASS_ON)(run_tests)
cli.command(context_settings=_PASS_ON)(bench)

if __name__ == "__main__":
    cli(prog_name="a6hub")
