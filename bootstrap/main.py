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
from bootstrap.parts import Needs, path_with_environment, set_up
from bootstrap.steps import SetupError

_USAGE = """\
usage: ./a6hub COMMAND ...

  demo [--keep]   a real simulation and a real build, end to end
  up              the stack on this machine, until Ctrl-C or `down`
  status          whether it runs, and where everything is
  down            stop it
  worker          one more worker, for the stack that the environment or `up` names
  doctor          say what is missing or wrong
  images ACTION   list the images that jobs may run in (docker executor), or pull them
  docker-filter SOCKET
                  a socket for workers before the engine's own, which gives nobody root
  test [PATH ...] lint and all tests, or those at PATH (--all: the slow ones too)
  test chaos      break a whole a6hub again and again (--seed, --jobs, --seconds)
  lint            lint, types and layers only
  bench NAME      measure something (backend/benchmarks)
  migration WHAT  write a database migration for changed models
  lock            resolve the Python dependencies anew

Each takes --help. What it sets up lies in $A6HUB_HOME (default: .a6hub here).
"""
_NEEDS = {
    "demo": Needs(),
    "up": Needs(),
    "worker": Needs(),
    "bench": Needs(),
    "doctor": Needs(tolerant=True),
    "test": Needs(dev=True, testing=True),
    "images": Needs(tools=False),
    "docker-filter": Needs(tools=False),
    "lint": Needs(dev=True, tolerant=True),
    "status": Needs(tools=False),
    "down": Needs(tools=False),
    "migration": Needs(tools=False),
}


def main(arguments: list[str]) -> NoReturn:
    """Do what the arguments say; never returns."""
    command = arguments[0] if arguments else "help"
    if command != "lock" and command not in _NEEDS:
        sys.stdout.write(_USAGE)
        sys.exit(0 if command in ("-h", "--help", "help") else f"a6hub: no command {command!r}")
    try:
        with only_one():
            if command == "lock":
                _lock()
            set_up(_NEEDS[command])
    except SetupError as error:
        sys.exit(f"a6hub: {error}")
    except KeyboardInterrupt:
        sys.exit("a6hub: interrupted; the next run goes on from here")
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
