"""How a LibreLane is asked for its catalog."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

_EXPORT = Path(__file__).with_name("export.py")
#: What set-up keeps in LibreLane's environment.
KEPT = "a6hub-catalog.json"
_SECONDS = 120


def export_command(python: str) -> tuple[str, ...]:
    """Return the command by which LibreLane's `python` prints its catalog.

    It needs no file, so that it can be run in a container as well.
    """
    return (python, "-c", _EXPORT.read_text())


def tools_command(python: str) -> tuple[str, ...]:
    """Return the command that prints a JSON list of the programs there that steps call."""
    return (*export_command(python), "tools")


def catalog_text(python: Path, environment: Mapping[str, str]) -> bytes:
    """Return what set-up has kept of the catalog of a LibreLane here, or ask it.

    OSError or subprocess.SubprocessError when there is no LibreLane that answers.
    """
    kept = python.parents[1] / KEPT
    if kept.is_file():
        return kept.read_bytes()
    return ask(export_command(str(python)), environment)


def ask(command: tuple[str, ...], environment: Mapping[str, str]) -> bytes:
    """Return what a command of the operator's own installation prints; raises as above."""
    asked = subprocess.run(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SECONDS,
        check=True,
    )
    return asked.stdout
