"""The launcher: sets up, then hands over to the command line in the service's environment."""

import os
import sys
from typing import NoReturn

from bootstrap import environments
from bootstrap.home import (
    BACKEND,
    FLOW_ENV,
    HOME,
    OFFLINE_FLOW,
    PDK_ROOT,
    ROOT,
    SERVICE_ENV,
    only_one,
)
from bootstrap.parts import path_with_environment, set_up
from bootstrap.steps import SetupError

_USAGE = """\
usage: ./a6hub COMMAND ...

  demo [--keep]   a real simulation and a real build, end to end
  up              the stack on this machine, until Ctrl-C
  test [PATH ...] lint and all tests (--all: the slow ones too)
  lint            lint, types and layers only
  doctor          say what is missing or wrong
  bench NAME      measure something (backend/benchmarks)
  lock            resolve the Python dependencies anew

Each takes --help. What it sets up lies in $A6HUB_HOME (default: .a6hub here).
"""


def main(arguments: list[str]) -> NoReturn:
    """Do what the arguments say; never returns."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(_USAGE)
        sys.exit(0)
    try:
        with only_one():
            if arguments[0] == "lock":
                _lock()
            set_up(tests=arguments[0] in ("test", "lint"))
    except SetupError as error:
        sys.exit(f"a6hub: {error}")
    except KeyboardInterrupt:
        sys.exit("a6hub: interrupted")
    _hand_over(arguments)


def _lock() -> NoReturn:
    for project in (BACKEND, OFFLINE_FLOW):
        if (project / "pyproject.toml").is_file():
            environments.lock(project)
    sys.exit(0)


def _hand_over(arguments: list[str]) -> NoReturn:
    """Become the command line, in the folder in which it was called."""
    python = SERVICE_ENV / "bin" / "python"
    environment = {
        **os.environ,
        "PATH": path_with_environment(),
        "PYTHONPATH": str(BACKEND),
        "A6HUB_HOME": str(HOME),
        "A6HUB_ROOT": str(ROOT),
    }
    if (FLOW_ENV / "bin" / "python").exists():
        environment.setdefault("A6HUB_FLOW_PYTHON", str(FLOW_ENV / "bin" / "python"))
        environment.setdefault("A6HUB_PDK_ROOT", str(PDK_ROOT))
    os.execve(python, [str(python), "-m", "app.cli", *arguments], environment)  # noqa: S606 - no shell
