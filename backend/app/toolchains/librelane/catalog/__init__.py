"""What a LibreLane has: its flows with their steps, and its variables with their types.

The text is LibreLane's own, so it is not part of this program: `export` is run by LibreLane's
Python, once per version, and `load_catalog` reads what it prints.
"""

from app.toolchains.librelane.catalog.model import (
    Catalog,
    Flow,
    FlowStep,
    Gate,
    ValueType,
    Variable,
    load_catalog,
)
from app.toolchains.librelane.catalog.source import catalog_text, export_command, tools_command

__all__ = [
    "Catalog",
    "Flow",
    "FlowStep",
    "Gate",
    "ValueType",
    "Variable",
    "catalog_text",
    "export_command",
    "load_catalog",
    "tools_command",
]
