"""`python -m librelane_plugin_offline.warm_up`: compile the router into NUMBA_CACHE_DIR.

It takes some seconds, which every build would spend again where the cache is not kept.
"""

from librelane_plugin_offline.routing.nodes import Grid
from librelane_plugin_offline.routing.router import RoutedNet, Router, Terminal


def main() -> None:
    """Route one net: numba compiles what is called."""
    grid = Grid(4600, 6800)
    ends = [Terminal(0, 0, (grid.node(1, i, i),), "pin") for i in (1, 5)]
    Router(grid, [RoutedNet("any", 1, ends)]).run(1, print)


if __name__ == "__main__":
    main()
