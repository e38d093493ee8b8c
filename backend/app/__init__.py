"""a6hub: queues and runs ASIC builds and HDL simulations.

Imports run one way: cli -> api, web -> workers -> jobs -> storage, models, executors,
toolchains -> db -> core (checked by import-linter; see docs/architecture.md).
"""

import atexit
import gc

__version__ = "0.1.0"

# At its end a process need not look through all that it has loaded for garbage: that takes longer
# than many commands do.
atexit.register(gc.freeze)
