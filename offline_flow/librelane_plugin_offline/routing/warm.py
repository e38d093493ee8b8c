"""`python -m librelane_plugin_offline.routing.warm`: compile the search ahead of the first build.

numba keeps what it compiles in the folder that NUMBA_CACHE_DIR names, so set-up does this once.
"""

import numpy as np

from librelane_plugin_offline.routing.search import Search


def main() -> None:
    """Search on a grid of 4 by 4 tracks, with the types that the router has."""
    nodes = 4 * 4 * 4
    owner = np.zeros(nodes, np.int32)
    Search(nodes).path((4, 4), owner, 1, [0], [5], (1, 1), (0, 3, 0, 3), 0.5)


if __name__ == "__main__":
    main()
