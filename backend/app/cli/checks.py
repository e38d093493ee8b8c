"""`./a6hub lint` and `./a6hub test`."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.stack import BACKEND

ROOT = BACKEND.parent
OFFLINE_FLOW = ROOT / "offline_flow"


def lint() -> None:
    """Check style, types and layers."""
    if not _lint():
        raise typer.Exit(1)


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A module of backend/benchmarks.")],
) -> None:
    """Run a benchmark; other options go to it."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *context.args]
    raise typer.Exit(subprocess.run(command, cwd=BACKEND, check=False).returncode)


def run_tests(
    context: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="The slow tests too.")] = False,
) -> None:
    """Lint and run all tests, or those at the PATHs given; other options go to pytest."""
    if context.args:
        raise typer.Exit(_pytest(BACKEND, context.args))
    chosen = [] if all_ else ["-m", "not slow"]
    results = {"lint": _lint()}
    flow_python = os.environ.get("A6HUB_FLOW_PYTHON")
    if flow_python and (OFFLINE_FLOW / "tests").is_dir():
        results["offline flow"] = _pytest(OFFLINE_FLOW, chosen, flow_python) == 0
    results["backend"] = _pytest(BACKEND, chosen) == 0
    for name, passed in results.items():
        typer.echo(f"{'✓' if passed else '✗'} {name}", err=True)
    if not all(results.values()):
        raise typer.Exit(1)


def _lint() -> bool:
    """Run every check, also after one has failed."""
    ours = ["app", "main.py", "scripts", "tests", "benchmarks"]
    python = sys.executable
    results = [
        _run([python, "-m", "ruff", "check", "-q", *ours, "../bootstrap"]),
        _run([python, "-m", "ruff", "format", "-q", "--check", *ours, "../bootstrap"]),
        _run([python, "-m", "mypy"]),
        _run([str(Path(python).with_name("lint-imports"))], quiet=True),
    ]
    return all(results)


def _run(argv: list[str], *, quiet: bool = False) -> bool:
    done = subprocess.run(argv, cwd=BACKEND, capture_output=quiet, check=False)
    if done.returncode and quiet:
        sys.stderr.buffer.write(done.stdout + done.stderr)
    return done.returncode == 0


def _pytest(folder: Path, arguments: list[str], python: str = sys.executable) -> int:
    typer.echo(f"--- tests of {folder.name}", err=True)
    command = [python, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=folder, check=False).returncode
