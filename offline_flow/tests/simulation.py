"""Simulates a design or its final netlist with Icarus Verilog, after Yosys has read it.

Yosys reads all that synthesis reads; Icarus does not know all of SystemVerilog.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

from bench_data import inputs
from flow_run import DESIGNS
from tools import run_yosys

BENCHES = Path(__file__).parent / "benches"


def simulate_sources(design: str, folder: Path) -> list[str]:
    """Return what a design's bench prints."""
    home = DESIGNS / design
    config: dict[str, Any] = json.loads((home / "config.json").read_text())
    options = [f"-I{_inside(home, one)}" for one in config.get("VERILOG_INCLUDE_DIRS", [])]
    options += [f"-D{one}" for one in config.get("VERILOG_DEFINES", [])]
    named = config["VERILOG_FILES"]
    patterns = [named] if isinstance(named, str) else named
    files = [str(path) for one in patterns for path in sorted(home.glob(one.split("::")[1]))]
    read = f"read_verilog -defer -noautowire -sv {' '.join([*options, *files])}"
    return _simulate(design, (read,), folder)


def simulate_netlist(design: str, netlist: Path, library: Path, folder: Path) -> list[str]:
    """Return what the bench prints for a netlist of library cells."""
    read = (f"read_liberty -ignore_miss_func {library}", f"read_verilog {netlist}")
    return _simulate(design, read, folder)


def _simulate(design: str, read: tuple[str, ...], folder: Path) -> list[str]:
    plain, program = folder / "plain.v", folder / "bench.vvp"
    run_yosys(
        (
            *read,
            f"hierarchy -top {design}",
            "proc",
            "flatten",
            "opt_clean",
            f"write_verilog -noattr -selected {plain}",
        )
    )
    for name, content in inputs(design).items():
        (folder / name).write_text(content)
    compile_ = ["iverilog", "-g2012", "-s", "bench", "-o", str(program)]
    subprocess.run([*compile_, str(BENCHES / f"{design}.v"), str(plain)], check=True)
    done = subprocess.run(
        ["vvp", "-n", str(program)], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def _inside(home: Path, name: str) -> Path:
    return home / name.removeprefix("dir::")
