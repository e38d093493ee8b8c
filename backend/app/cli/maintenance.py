"""`./a6hub maintenance`: no jobs are taken and none begun, until that is over."""

import typer

from app.cli.operating import operating
from app.jobs.holds import begin_maintenance, end_maintenance
from app.jobs.holds import maintenance as current

maintenance = typer.Typer(no_args_is_help=True, help="Take and begin no jobs for a while.")


@maintenance.command()
def on(
    words: str = typer.Argument("", help="What users are told: why, and until when."),
) -> None:
    """Begin it. What runs goes on; all can be looked at."""
    with operating() as context:
        begin_maintenance(context.database, words)
    typer.echo("Maintenance is on. Jobs that run go on: see ./a6hub workers.")


@maintenance.command()
def off() -> None:
    """End it: waiting jobs begin."""
    with operating() as context:
        end_maintenance(context.database)
    typer.echo("Maintenance is off.")


@maintenance.command()
def status() -> None:
    """Say whether it is on."""
    with operating() as context, context.database.reading() as session:
        hold = current(session)
    if hold is None:
        typer.echo("off")
    else:
        typer.echo(f"on since {hold.since:%Y-%m-%d %H:%M} UTC: {hold.words or '(no words)'}")
