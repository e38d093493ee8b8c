"""`./a6hub sweep`: remove from the store what nobody names any more, now."""

from typing import Annotated

import typer

from app.cli.operating import operating
from app.jobs.sweep import sweep as run


def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
) -> None:
    """Remove what the retention lets go of, and old content that nothing names.

    The upkeep does it once a day.
    """
    with operating() as context:
        done = run(context, dry_run=dry_run)
    for tree in done.lost:
        typer.echo(
            f"lost: the tree {tree}; no file is removed while it is (docs/operate.md)", err=True
        )
    verb = "would go" if dry_run else "removed"
    typer.echo(
        f"{verb}: {done.objects} objects, {done.bytes / 1e6:.1f} MB; by the retention "
        f"{done.steps} kept steps, the files of {done.files} jobs, {done.jobs} jobs"
    )
