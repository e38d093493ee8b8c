"""Break a whole a6hub and see what comes of it.

./a6hub test chaos --site KIND --seed N --jobs N --seconds N
"""

import argparse
import sys

from tests.chaos.run import Plan, run
from tests.chaos.servers import KINDS


def main() -> None:
    """Run once, print the table, and exit with 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        prog="./a6hub test chaos", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--seed", type=int, default=Plan.seed, help="what goes wrong, and when")
    parser.add_argument("--jobs", type=int, default=Plan.jobs)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    parser.add_argument("--site", choices=list(KINDS), default=Plan.site, help="what is broken")
    report = run(Plan(**vars(parser.parse_args())))
    sys.stdout.write(f"{report.table()}\n")
    sys.exit(1 if report.problems else 0)


if __name__ == "__main__":
    main()
