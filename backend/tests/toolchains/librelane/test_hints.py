"""Advice, by what tools are known to say."""

import re

import pytest

from app.toolchains.librelane.hints import HINTS, hint_for


@pytest.mark.parametrize(
    ("step", "message", "variable"),
    [
        ("OpenROAD.GeneratePDN", "[PDN-0185] Insufficient width (13.34 um) to add", "PDN_VPITCH"),
        ("OpenROAD.GeneratePDN", "[PDN-0175] Pitch 2.7 is too small", "PDN_HPITCH"),
        ("OpenROAD.GeneratePDN", "[PDN-0179] Unable to repair all channels.", "macros"),
        ("OpenROAD.IRDropReport", "[PSM-0069] Check connectivity failed on VPWR.", "PDN_MACRO"),
        ("Magic.StreamOut", "Failed to extract PR boundary from GDSII view of macro 'a'", "GDSII"),
        ("OpenROAD.Floorplan", "[IFP-0065] No rows created in the core area.", "DIE_AREA"),
        (
            "OpenROAD.GlobalPlacement",
            "[GPL-0302] Use a higher -density or re-floorplan with a larger core area.",
            "PL_TARGET_DENSITY_PCT",
        ),
        (
            "OpenROAD.GlobalPlacement",
            "[GPL-0301] Utilization 169.405% exceeds 100%.",
            "FP_CORE_UTIL",
        ),
        ("OpenROAD.DetailedPlacement", "[DPL-0036] Detailed placement failed.", "FP_CORE_UTIL"),
        (
            "OpenROAD.IOPlacement",
            "[PPL-0024] Number of IO pins (637) exceeds maximum number of available positions",
            "IO_PIN_MIN_DISTANCE",
        ),
        ("OpenROAD.GlobalRouting", "[GRT-0116] Global routing finished with congestion.", "RT_MAX"),
        ("OpenROAD.DetailedRouting", "[DRT-0073] No access point for u_a/p[5]", "LEF"),
        ("OpenROAD.Floorplan", "[STA-0366] port 'clk' not found.", "CLOCK_PORT"),
        ("Yosys.Synthesis", "Module `\\adder' in cell `\\a' is not part of the design.",
         "VERILOG_FILES"),
        ("Yosys.Synthesis", "top.v:3: syntax error, unexpected TOK_ID", "USE_SLANG"),
        ("Checker.LintErrors", "1 Lint errors found.\nMODMISSING: top.v:3:1: Cannot find file",
         "VERILOG_FILES"),
        ("Checker.LintErrors", "1 Lint errors found.", "Verilator"),
        ("Checker.YosysSynthChecks", "3 Yosys check errors found.", "ERROR_ON_SYNTH_CHECKS"),
        ("Yosys.Synthesis", "FileNotFoundError: [Errno 2] No such file or directory: 'yosys'",
         "Offline"),
        (None, "The PDK sky130Z was not found.", "list"),
        ("OpenROAD.DetailedRouting", "Signal 11 received", "version"),
        ("OpenROAD.DetailedRouting", "terminate called: std::bad_alloc", "memory"),
    ],
)  # fmt: skip
def test_advice(step: str | None, message: str, variable: str) -> None:
    hint = hint_for(step, message)
    assert hint is not None
    assert variable in hint


def test_no_advice() -> None:
    assert hint_for("Odb.CutRows", "[ODB-1234] Something odd.") is None
    assert hint_for("OpenROAD.CTS", "top.sdc: syntax error") is None


def test_hints_are_sentences() -> None:
    for hint in HINTS:
        assert re.fullmatch(r"[A-Z].*\.", hint.advice)
        re.compile(hint.message)
