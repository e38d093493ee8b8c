"""The example designs compute what they should, before anything is built of them."""

import shutil
from pathlib import Path

import pytest
from bench_data import WITH_BENCH, outputs
from simulation import simulate_sources

pytestmark = pytest.mark.skipif(not shutil.which("iverilog"), reason="needs Icarus Verilog")


@pytest.mark.parametrize("design", WITH_BENCH)
def test_a_design_computes_what_it_should(design: str, tmp_path: Path) -> None:
    printed = simulate_sources(design, tmp_path)
    wanted = outputs(design)
    assert printed[-len(wanted) :] == wanted
