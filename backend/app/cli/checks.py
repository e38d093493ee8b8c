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
    """Lint and run all tests, or those at the PATHs given; other options go to pytest.

    `test chaos --seed N --jobs N --seconds N` breaks a whole a6hub for a while instead.
    """
    if context.args[:1] == ["chaos"]:
        raise typer.Exit(_chaos(context.args[1:]))
    if any(not word.startswith("-") for word in context.args):
        raise typer.Exit(_run_chosen(context.args))
    chosen = [*([] if all_ else ["-m", "not slow"]), *context.args]
    results = {"lint": _lint()}
    if flow_python := _flow_python():
        results["offline flow"] = _pytest(OFFLINE_FLOW, chosen, flow_python) == 0
    results["backend"] = _pytest(BACKEND, chosen) == 0
    words = ", ".join(f"{'✓' if passed else '✗'} {name}" for name, passed in results.items())
    typer.echo(words, err=True)
    if not all(results.values()):
        raise typer.Exit(1)


def _chaos(arguments: list[str]) -> int:
    command = [sys.executable, "-m", "tests.chaos", *arguments]
    return subprocess.run(command, cwd=BACKEND, check=False).returncode


def _run_chosen(arguments: list[str]) -> int:
    """Run the tests that the arguments name, which are paths from here or from backend/."""
    absolute = [_absolute(word) for word in arguments]
    flow_python = _flow_python()
    if flow_python and any(word.startswith(str(OFFLINE_FLOW)) for word in absolute):
        return _pytest(OFFLINE_FLOW, absolute, flow_python)
    return _pytest(BACKEND, absolute)


def _absolute(word: str) -> str:
    """Make a path of a test absolute, also one of the form PATH::NAME; leave other words."""
    path, mark, name = word.partition("::")
    for folder in (Path.cwd(), ROOT, BACKEND):
        if not word.startswith("-") and (folder / path).exists():
            return f"{(folder / path).resolve()}{mark}{name}"
    return word


def _flow_python() -> str | None:
    return os.environ.get("A6HUB_FLOW_PYTHON") if (OFFLINE_FLOW / "tests").is_dir() else None


def _lint() -> bool:
    """Run every check, also after one has failed."""
    ours = ["app", "main.py", "scripts", "tests", "benchmarks", "../bootstrap"]
    python = sys.executable
    results = [
        _run([python, "-m", "ruff", "check", "-q", *ours]),
        _run([python, "-m", "ruff", "format", "-q", "--check", *ours]),
        _run([python, "-m", "mypy"]),
        _run([python, "-m", "mypy", "--config-file=backend/pyproject.toml", "bootstrap"], ROOT),
        _run([str(Path(python).with_name("lint-imports"))], quiet=True),
    ]
    if flow_python := _flow_python():
        results += [
            _run([flow_python, "-m", "ruff", "check", "-q"], OFFLINE_FLOW),
            _run([flow_python, "-m", "ruff", "format", "-q", "--check"], OFFLINE_FLOW),
            _run([flow_python, "-m", "mypy"], OFFLINE_FLOW),
        ]
    return all(results)


def _run(argv: list[str], cwd: Path = BACKEND, *, quiet: bool = False) -> bool:
    done = subprocess.run(argv, cwd=cwd, capture_output=quiet, check=False)
    if done.returncode and quiet:
        sys.stderr.buffer.write(done.stdout + done.stderr)
    return done.returncode == 0


def _pytest(folder: Path, arguments: list[str], python: str = sys.executable) -> int:
    typer.echo(f"--- tests of {folder.name}", err=True)
    command = [python, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=folder, check=False).returncode
