"""`python -m librelane_plugin_offline.pdk ROOT`: make ROOT/sky130A, unless it is there."""

import sys
from pathlib import Path

from librelane_plugin_offline.pdk.install import install


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m librelane_plugin_offline.pdk ROOT")
    install(Path(sys.argv[1]), _say)
