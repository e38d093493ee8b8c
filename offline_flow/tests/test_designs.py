"""The example designs, of 46 to 6,500 cells: each comes to its own end, and what was drawn is what
the netlist says. Counted with KLayout and Yosys, not with the flow's own code.
"""

import json
import math
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import klayout.db as kdb
import pytest
from bench_data import WITH_BENCH, outputs
from builds import Builds
from flow_run import DESIGNS, FlowRun
from simulation import simulate_netlist
from tools import run_yosys

pytestmark = [
    pytest.mark.flow,
    pytest.mark.skipif(not shutil.which("sta"), reason="needs OpenSTA"),
]


@dataclass(frozen=True)
class End:
    """How a design's build is to end: the logic cells about, and how many errors of which kind."""

    design: str
    cells: int
    late: bool = False
    drc: bool = False
    lvs: bool = False

    @property
    def status(self) -> int:
        """LibreLane's exit status; it does not check slack."""
        return 2 if self.drc or self.lvs else 0


SMALL = (
    End("counter", 50),
    End("divider", 130, late=True),
    End("crossbar", 150, drc=True, lvs=True),
)
LARGE = (
    End("multiplier", 310),  # Verilog-2001, three files
    End("uart", 1_280),  # include folders, a wildcard, defines
    End("processor", 2_100),  # SystemVerilog: package, enum, structs
    End("systolic", 4_000),  # parameters, two-dimensional generate
    End("sha256", 6_500),
)
#: Designs that fail in synthesis, with what Yosys says.
BROKEN = {
    "dual_edge": "ERROR: Multiple edge sensitive events found for this signal!",
    "missing_module": r"ERROR: Module `\filter' referenced in module `\missing_module'",
}
ENDS = [
    *(pytest.param(end, id=end.design) for end in SMALL),
    *(pytest.param(end, id=end.design, marks=pytest.mark.slow) for end in LARGE),
]
LIBRARY = "sky130A/libs.ref/sky130_fd_sc_hd/lib/sky130_fd_sc_hd__tt_025C_1v80.lib"
#: Cells without a signal pin.
_PHYSICAL = re.compile("__(fill|tap)")


def test_every_design_is_in_the_table() -> None:
    known = {end.design for end in (*SMALL, *LARGE)} | set(BROKEN)
    assert known == {path.parent.name for path in DESIGNS.glob("*/config.json")}


@pytest.mark.parametrize("end", ENDS)
def test_a_design_comes_to_its_end(end: End, builds: Builds) -> None:
    run = builds(end.design)
    metrics = run.metrics
    assert run.status == end.status, run.output[-3000:]
    assert metrics["design__instance__count__stdcell"] == pytest.approx(end.cells, rel=0.15)
    assert (metrics["timing__setup__ws"] < 0) == end.late
    assert (metrics["timing__setup_vio__count"] > 0) == end.late
    assert metrics["timing__hold__ws"] > 0
    assert (metrics["route__drc_errors"] > 0) == end.drc
    assert (metrics["klayout__drc_error__count"] > 0) == end.drc
    assert (metrics["design__lvs_error__count"] > 0) == end.lvs
    assert all(math.isfinite(value) for value in metrics.values())


@pytest.mark.parametrize("end", ENDS)
def test_the_layout_holds_the_netlists_cells(end: End, builds: Builds, tmp_path: Path) -> None:
    run, name = builds(end.design), end.design
    drawn = cells_drawn(run.view(f"gds/{name}.gds"), name)
    assert drawn == cells_of(run, f"pnl/{name}.pnl.v", tmp_path)
    logic = {cell: count for cell, count in drawn.items() if not _PHYSICAL.search(cell)}
    assert logic == cells_of(run, f"nl/{name}.nl.v", tmp_path)
    assert sum(logic.values()) == run.metrics["design__instance__count__stdcell"]


@pytest.mark.skipif(not shutil.which("iverilog"), reason="needs Icarus Verilog")
@pytest.mark.parametrize("end", [one for one in ENDS if one.id in WITH_BENCH])
def test_the_final_netlist_computes_what_it_should(
    end: End, builds: Builds, pdk_root: Path, tmp_path: Path
) -> None:
    run, name = builds(end.design), end.design
    netlist = run.view(f"nl/{name}.nl.v")
    printed = simulate_netlist(name, netlist, pdk_root / LIBRARY, tmp_path)
    assert printed[-len(outputs(name)) :] == outputs(name)


@pytest.mark.parametrize("design", BROKEN)
def test_a_broken_design_fails_in_synthesis(design: str, builds: Builds) -> None:
    run = builds(design)
    assert run.status == 2
    assert run.broken_at.startswith("yosys-")
    assert BROKEN[design] in run.output
    assert not run.view("gds").exists()


def cells_drawn(gds: Path, top: str) -> dict[str, int]:
    """Count the instances in a layout's top cell, which must be its only one."""
    layout = kdb.Layout()
    layout.read(str(gds))
    assert [cell.name for cell in layout.top_cells()] == [top]
    counts: Counter[str] = Counter()
    for instance in layout.top_cell().each_inst():
        counts[instance.cell.name] += max(1, instance.na) * max(1, instance.nb)
    return dict(counts)


def cells_of(run: FlowRun, view: str, folder: Path) -> dict[str, int]:
    """Count a netlist's instances by cell, with Yosys."""
    out = folder / "stat.json"
    run_yosys((f"read_verilog {run.view(view)}", f"tee -q -o {out} stat -json"))
    [module] = json.loads(out.read_text())["modules"].values()
    counts: dict[str, int] = module["num_cells_by_type"]
    return counts
