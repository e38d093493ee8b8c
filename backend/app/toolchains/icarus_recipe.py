"""How to repeat a simulation without a6hub."""

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from app.toolchains.base import RUN, SOURCE, Recipe
from app.toolchains.icarus import compile_command, compile_options, run_command
from app.toolchains.icarus_result import OPTIONS

_NEEDS = "- Icarus Verilog, with `iverilog` and `vvp` on the PATH:\n\n      ./run.sh\n"


def recipe(
    config: Mapping[str, Any],
    details: Mapping[str, Any],
    paths: list[str],
    read: Callable[[str], bytes],
) -> Recipe:
    """See app.toolchains.recipes."""
    commands = (compile_command(config), run_command(config))
    return Recipe(
        script="\n".join((f"cd {SOURCE}", *map(shlex.join, commands), "")),
        files={f"{RUN}/{OPTIONS}": compile_options(config)},
        needs=_NEEDS,
    )
