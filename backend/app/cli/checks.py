"""`./a6hub lint` and `./a6hub test`."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import typer

from app.cli.stack import BACKEND

ROOT = BACKEND.parent
OFFLINE_FLOW = ROOT / "offline_flow"

#: Files of tests run beside each other: most tests wait for a server, a tool or a process to end.
_SIDE_BY_SIDE = ("--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder")


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

    `test chaos --site KIND --seed N --jobs N --seconds N` breaks a whole a6hub for a while instead.
    """
    if context.args[:1] == ["chaos"]:
        raise typer.Exit(_chaos(context.args[1:]))
    if any(not word.startswith("-") for word in context.args):
        raise typer.Exit(_run_chosen(context.args))
    chosen = [*([] if all_ else ["-m", "not slow"]), *context.args]
    results = {"lint": _lint()}
    with _beside(_flow_python(), chosen) as offline_flow:
        results["backend"] = _pytest(BACKEND, [*_SIDE_BY_SIDE, *chosen]) == 0
        if offline_flow is not None:
            results["offline flow"] = _result_of(offline_flow)
    words = ", ".join(f"{'✓' if passed else '✗'} {name}" for name, passed in results.items())
    typer.echo(words, err=True)
    if not all(results.values()):
        raise typer.Exit(1)


@contextmanager
def _beside(flow_python: str | None, chosen: list[str]) -> Iterator["_Running | None"]:
    """Run the offline flow's tests beside the block: they compute, the backend's mostly wait."""
    if flow_python is None:
        yield None
        return
    command = [flow_python, "-m", "pytest", "-q", *chosen]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=OFFLINE_FLOW, stdout=said, stderr=said)
        try:
            yield _Running(process, said)
        finally:
            process.terminate()
            process.wait()


@dataclass(frozen=True)
class _Running:
    process: subprocess.Popen[bytes]
    said: IO[bytes]


def _result_of(tests: _Running) -> bool:
    """Wait for tests that run beside and show what they said; return whether they passed."""
    typer.echo(f"--- tests of {OFFLINE_FLOW.name}", err=True)
    passed = tests.process.wait() == 0
    tests.said.seek(0)
    sys.stdout.buffer.write(tests.said.read())
    sys.stdout.flush()
    return passed


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
    ours = ["app", "main.py", "scripts", "tests", "benchmarks", "reference", "../bootstrap"]
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
