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
  build [DIR]     send a design, build it, and with --watch follow it
  fetch JOB [DIR] bring the files that a job produced here
  pin JOB         keep a job of yours from being removed (--undo: let it)
  delete JOB      delete a job of yours that has ended
  status          whether it runs, and where everything is
  down            stop it
  worker          one more worker, for the stack that the environment or `up` names
  doctor          say what is missing or wrong
  sweep           let old jobs go as the retention says; remove what nobody names from the store
  backup PLACE    add a backup to a folder, or write one into a new .tar file
  prune-backups FOLDER --daily N --weekly M
                  remove old backups from a folder
  restore PLACE   bring a backup back into an empty a6hub (--check: only look whether it is whole)
  maintenance on|off|status
                  take and begin no jobs for a while, and tell users why
  workers         list the workers, and which are drained
  drain WORKER    have a worker begin no job any more (--undo: let it)
  requeue JOB     take a running job from a worker that is stuck
  users           make, list, lock and change who may log in
  images ACTION   list the images that jobs may run in (docker executor), pull them, or make one
  pdk ACTION      list, install or choose the PDKs that builds may take
  docker-filter SOCKET
                  a socket for workers before the engine's own, which gives nobody root
  test [PATH ...] lint and all tests, or those at PATH (--all: the slow ones too)
  test chaos      break a whole a6hub again and again (--site, --seed, --jobs, --seconds)
  lint            lint, types and layers only
  docs            the documentation, as pages for a browser
  bench NAME      measure something (backend/benchmarks)
  migrate         bring the database that the environment names to the newest schema
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
    "sweep": Needs(tools=False),
    "backup": Needs(tools=False),
    "prune-backups": Needs(tools=False),
    "restore": Needs(tools=False),
    "maintenance": Needs(tools=False),
    "workers": Needs(tools=False),
    "drain": Needs(tools=False),
    "requeue": Needs(tools=False),
    "users": Needs(tools=False),
    "pdk": Needs(tools=False),
    "docker-filter": Needs(tools=False),
    "lint": Needs(dev=True, tolerant=True),
    "docs": Needs(tools=False, dev=True),
    "build": Needs(tools=False),
    "fetch": Needs(tools=False),
    "pin": Needs(tools=False),
    "delete": Needs(tools=False),
    "status": Needs(tools=False),
    "down": Needs(tools=False),
    "migrate": Needs(tools=False),
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
    except OSError as error:  # set up by another user, say, or on a full disk
        sys.exit(
            f"a6hub: {error.filename}: {error.strerror}. It sets up what it needs in {HOME}: be a "
            "user who may write there, or name another folder in A6HUB_HOME."
        )
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
