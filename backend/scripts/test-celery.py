#!/usr/bin/env python3
"""Test that Celery and Redis work together: connection, workers, queues, tasks.

Run it in backend/ with the settings of the stack in the environment. Exit status 0 if all is well.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.core.settings import get_settings
from app.workers.checks import check_connection, check_queues, check_tasks, check_workers

LINE = "=" * 60
CHECKS = [
    ("Connection", "Testing Celery connection to Redis...", check_connection),
    ("Workers", "Testing worker availability...", check_workers),
    ("Queues", "Testing queue configuration...", check_queues),
    ("Tasks", "", check_tasks),
]


def main() -> int:
    """Run the checks and print what they find."""
    print(f"{LINE}\nCelery + Redis Integration Test\n{LINE}\n")
    results = {}
    for name, heading, check in CHECKS:
        found = check(get_settings())
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
