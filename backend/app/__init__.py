"""a6hub: queues and runs ASIC builds and HDL simulations.

Imports run one way: cli -> api, web -> workers -> jobs -> storage, models, executors,
toolchains -> db -> core (checked by import-linter; see docs/architecture.md).
"""

__version__ = "0.1.0"
