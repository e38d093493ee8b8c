#!/usr/bin/env python3
"""Test that Celery and Redis work together: connection, workers, queues, tasks.

Which stack: the one that the environment names, or else the one that `./a6hub up` runs here. Exit
status 0 if all is well.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("A6HUB_HOME") or BACKEND.parent / ".a6hub")
SERVICE = HOME / "envs" / "service" / "bin" / "python"
if not find_spec("celery") and SERVICE.exists():  # some other Python: go on with the service's
    os.execv(SERVICE, [str(SERVICE), *sys.argv])  # noqa: S606 - no shell
sys.path.insert(0, str(BACKEND))

from app.cli.joining import join_if_running  # noqa: E402 - needs the path above
from app.core.settings import get_settings  # noqa: E402
from app.workers.checks import (  # noqa: E402
    Found,
    check_connection,
    check_queues,
    check_tasks,
    check_workers,
)

LINE = "=" * 60
UNCONNECTED = Found(False, ["Not tested: there is no connection to Redis"])
CHECKS = [
    ("Connection", "Testing Celery connection to Redis...", check_connection),
    ("Workers", "Testing worker availability...", check_workers),
    ("Queues", "Testing queue configuration...", check_queues),
    ("Tasks", "", check_tasks),
]


def main() -> int:
    """Run the checks and print what they find."""
    print(f"{LINE}\nCelery + Redis Integration Test\n{LINE}\n")
    join_if_running()
    results: dict[str, bool] = {}
    for name, heading, check in CHECKS:
        found = check(get_settings()) if results.get("Connection", True) else UNCONNECTED
        results[name] = found.well
        print(heading, end="\n" if heading else "")
        first, *others = found.lines
        tick = "" if name == "Tasks" and found.well else "✓ " if found.well else "✗ "
        print("\n".join([f"{tick}{first}", *others]))
        print(f"  {found.advice}\n" if found.advice else "")
    return summary(results)


def summary(results: dict[str, bool]) -> int:
    """Print the summary and return the exit status."""
    print(f"{LINE}\nTest Summary\n{LINE}")
    for name, well in results.items():
        print(f"{name:<20} {'✓ PASS' if well else '✗ FAIL'}")
    print(f"\nPassed: {sum(results.values())}/{len(results)}\n")
    if all(results.values()):
        print("✓ All tests passed! Celery is properly configured.")
        return 0
    print("✗ Some tests failed. See the advice above.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
