"""What commands for operators share: the stack's own connections, and kind errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from app.cli.joining import join_if_running
from app.core.errors import A6hubError
from app.core.settings import Settings
from app.jobs.context import Context


@contextmanager
def operating() -> Iterator[Context]:
    """Yield what works on the stack that the environment names or that runs here.

    What cannot be done is said, with exit status 1.
    """
    join_if_running()
    context = Context.open(Settings())
    try:
        yield context
    except A6hubError as error:
        typer.echo(error.detail, err=True)
        raise typer.Exit(1) from error
    finally:
        context.close()
