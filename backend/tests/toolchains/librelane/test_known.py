"""Variables against a catalog."""

from typing import Any

import pytest

from app.core.settings import Settings
from app.toolchains.librelane.catalog import load_catalog
from app.toolchains.librelane.installation import find_installation
from app.toolchains.librelane.known import Known, nearest, takes
from app.toolchains.librelane.presets import PRESETS
from app.toolchains.librelane.project_files import ProjectFiles
from tests.toolchains.librelane.catalogs import CATALOG, as_text

PATHS = ["src/top.v", "src/cells/a.v", "inc/x.vh", "spm.sdc", "macro/m.gds", "pins.cfg"]


def problems(variables: dict[str, Any], flow: str = "Offline", strict: bool = False) -> list[str]:
    known = Known(load_catalog(as_text(CATALOG)), flow, ProjectFiles(PATHS), strict=strict)
    return [f"{field}: {message}" for field, message in known.problems("config", variables)]


@pytest.mark.parametrize(
    "variables",
    [
        {"CLOCK_PERIOD": 10, "VERILOG_FILES": ["dir::src/*.v", "dir::src/cells/a.v"]},
        {"VERILOG_INCLUDE_DIRS": ["dir::inc", "dir::."], "PNR_SDC_FILE": "dir::./spm.sdc"},
        {"MACROS": {"m": {"gds": ["dir::macro/*.gds"]}}},
        {"LVS": False, "FP_PIN_ORDER_CFG": "dir::pins.cfg"},
        {"NO_FLAT": ["what LibreLane makes something else of"]},
        {"pdk::sky130*": {"CLOCK_PERIOD": 5, "scl::*_hd": {"FP_CORE_UTIL": 40}}},
        {"LAYERS_RC": "of another flow", "OTHER_STEPS_OWN": "of none"},
        {"LEC_ENABLE": True, "DIODE_INSERTION_STRATEGY": 3, "SCL_OPT": 1, "PAD_CELL_LIBRARY": "x"},
    ],
)
def test_what_librelane_takes_is_taken(variables: dict[str, Any]) -> None:
    assert problems(variables) == []


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        (
            {"CLOCK_PERIOD": "10ns"},
            ("config.CLOCK_PERIOD: '10ns' is not a number; leave out 'ns' and write 10. "
            "CLOCK_PERIOD takes: decimal, in ns."),
        ),
        (
            {"CLOCK_PEROID": 10},
            ("config.CLOCK_PEROID: LibreLane 3.0.0 has no variable 'CLOCK_PEROID', set to 10. "
            "Did you mean 'CLOCK_PERIOD'?"),
        ),
        (
            {"COMPLETELY_ELSE": "x"},
            ("config.COMPLETELY_ELSE: LibreLane 3.0.0 has no variable 'COMPLETELY_ELSE', "
            "set to 'x'."),
        ),
        (
            {"pdk::*": {"RUN_LVS": "maybe"}},
            "config.pdk::*.RUN_LVS: 'maybe' is not true or false. RUN_LVS takes: bool.",
        ),
        (
            {"LVS": 5},
            "config.LVS: 5 is not true or false. RUN_LVS takes: bool.",
        ),
        (
            {"PNR_SDC_FILE": "dir::constraints/spm.sdc"},
            ("config.PNR_SDC_FILE: The project has no file 'constraints/spm.sdc'. "
            "Did you mean 'spm.sdc'?"),
        ),
        (
            {"VERILOG_FILES": ["dir::src/top.v", "src/tap.v"]},
            ("config.VERILOG_FILES: The project has no file 'src/tap.v'. "
            "Did you mean 'src/top.v'?"),
        ),
        (
            {"VERILOG_FILES": "dir::rtl/*.v"},
            ("config.VERILOG_FILES: No file of the project matches 'rtl/*.v'. "
            "Did you mean 'src/top.v'?"),
        ),
        (
            {"MACROS": {"m": {"gds": ["dir::m.gds"]}}},
            "config.MACROS: The project has no file 'm.gds'. Did you mean 'macro/m.gds'?",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_the_way_out(variables: dict[str, Any], problem: str) -> None:
    assert problems(variables) == [problem]


def test_a_star_stays_in_its_folder() -> None:
    assert problems({"VERILOG_FILES": "dir::*.v"}) != []
    assert problems({"VERILOG_FILES": "dir::*/*.v"}) == []


def test_version_2_is_strict() -> None:
    [problem] = problems({"CLOCK_PERIOD": "10"}, strict=True)
    assert "as a config of version 2 needs it" in problem


def test_hostile_values_are_looked_at_within_bounds() -> None:
    hostile = {
        "VERILOG_FILES": [f"dir::{'*a' * 40}{number}" for number in range(5000)],
        "X" * 100: "y" * 1_000_000,
        "EXTRA_SITES": " ".join("x" for _ in range(10)),
        "LIB": "'" + "a b " * 20_000,
    }
    assert len(problems(hostile)) < 300


@pytest.mark.flow
def test_nearest_names_of_the_real_librelane(flow: Settings) -> None:
    known = find_installation(flow).catalog().variables_of("Classic")
    meant = {
        "CLOCK_PERIODS": "CLOCK_PERIOD",
        "clock_period": "CLOCK_PERIOD",
        "FP_CORE_UTILIZATION": "FP_CORE_UTIL",
        "DIE_AERA": "DIE_AREA",
        "SYNTH_STRATGY": "SYNTH_STRATEGY",
        "PL_TARGET_DENSITY_PERCENT": "PL_TARGET_DENSITY_PCT",
    }
    assert {name: nearest(name, known) for name in meant} == meant
    assert nearest("BLAH", known) is None
    assert takes(known["CLOCK_PERIOD"]) == "CLOCK_PERIOD takes: decimal, in ns."


@pytest.mark.flow
def test_presets_are_of_variables_that_the_real_librelane_has(flow: Settings) -> None:
    catalog = find_installation(flow).catalog()
    known = Known(catalog, "Classic", ProjectFiles([]), strict=True)
    for preset in PRESETS.values():
        assert set(preset.variables()) <= catalog.variables_of("Classic").keys(), preset.name
        assert list(known.problems(preset.name, preset.variables())) == []
        assert preset.variables(catalog.variables_of("Offline"))
        assert preset.summary.endswith(".")
        assert all(one.why.endswith(".") for one in preset.settings.values())
    assert list(PRESETS) == ["minimal", "balanced", "high_quality", "tapeout"]


@pytest.mark.flow
def test_a_tapeout_checks_all_and_a_minimal_build_is_short(flow: Settings) -> None:
    classic = find_installation(flow).catalog().flow("Classic")
    assert classic is not None
    usual, least, most = (
        {step.id for step in classic.steps_for(variables)}
        for variables in ({}, PRESETS["minimal"].variables(), PRESETS["tapeout"].variables())
    )
    assert least < usual < most
    assert {"Magic.DRC", "KLayout.DRC", "Netgen.LVS"} <= usual - least
