"""Running the programs that the flow brings along."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import librelane_plugin_offline

_SHIMS = Path(librelane_plugin_offline.__file__).parent / "shims"


def run_tool(name: str, *arguments: str) -> str:
    """Run `yosys` or `verilator` as LibreLane does; return what it prints."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [str(_SHIMS / name), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def run_yosys(commands: Iterable[str]) -> str:
    """Run Yosys's commands one after another."""
    return run_tool("yosys", "-p", "; ".join(commands))
