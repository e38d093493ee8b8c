"""Values and types: our judgement, and that of the real LibreLane beside it."""

import json
import subprocess
from typing import Any

import pytest

from app.core.settings import Settings
from app.toolchains.librelane.catalog import Catalog, ValueType, load_catalog
from app.toolchains.librelane.installation import find_installation
from app.toolchains.librelane.types import MismatchError, paths_in
from tests.toolchains.librelane.catalogs import CATALOG, as_text

SMALL = load_catalog(as_text(CATALOG))


def type_of(name: str, catalog: Catalog = SMALL) -> ValueType:
    variable = catalog.variable(name)
    assert variable is not None
    return variable.type


@pytest.mark.parametrize(
    ("name", "value", "paths"),
    [
        ("VERILOG_FILES", ["a.v", "b.v"], ["a.v", "b.v"]),
        ("VERILOG_FILES", "dir::*.v", ["dir::*.v"]),
        ("VERILOG_FILES", "a.v b.v", ["a.v", "b.v"]),
        ("VERILOG_FILES", "a.v,b.v,", ["a.v", "b.v"]),
        ("VERILOG_FILES", [["a.v"], "b.v"], ["a.v", "b.v"]),
        ("PNR_SDC_FILE", ["a.sdc"], ["a.sdc"]),
        ("PNR_SDC_FILE", None, []),
        ("LIB", {"nom_*": ["a.lib"]}, ["a.lib"]),
        ("LIB", "nom_tt a.lib nom_ss 'b.lib c.lib'", ["a.lib", "b.lib", "c.lib"]),
        ("MACROS", {"m": {"gds": ["m.gds"], "instances": {"u": {"location": [1, 2]}}}}, ["m.gds"]),
        ("CLOCK_PORT", ["clk", "clk2"], []),
    ],
)
def test_files_that_a_value_names(name: str, value: Any, paths: list[str]) -> None:
    assert paths_in(type_of(name), value, strict=False) == paths


@pytest.mark.parametrize(
    ("name", "value", "where", "words"),
    [
        ("CLOCK_PERIOD", "fast", "", "'fast' is not a number"),
        ("CLOCK_PERIOD", "10ns", "", "leave out 'ns' and write 10"),
        ("FP_CORE_UTIL", "40 %", "", "leave out '%' and write 40"),
        ("CLOCK_PERIOD", "NaN", "", "not a number"),
        ("CLOCK_PERIOD", True, "", "True is not a number"),
        ("CLOCK_PERIOD", None, "", "null is not allowed"),
        ("CLOCK_PERIOD", [10], "", "not a number"),
        ("MAX_FANOUT", 1.5, "", "1.5 is not an integer"),
        ("MAX_FANOUT", "9" * 5000, "", "not an integer"),
        ("RUN_LVS", "yes", "", "'yes' is not true or false"),
        ("RUN_LVS", 2, "", "2 is not true or false"),
        ("SYNTH_STRATEGY", "AREA 1", "", "is not one of 'AREA 0', 'DELAY 0'; did you mean 'AREA 0'"),
        ("DIE_AREA", [0, 0, 100], "", "has 3 values, not 4"),
        ("DIE_AREA", "0 0 a 100", "[2]", "'a' is not a number"),
        ("DESIGN_NAME", 5, "", "5 is not a text"),
        ("VERILOG_FILES", 5, "", "5 is no list"),
        ("VERILOG_FILES", ["a.v", 5], "[1]", "5 is not a file's path"),
        ("VERILOG_FILES", [""], "[0]", "'' is not a file's path"),
        ("LIB", "nom", "", "a key without a value"),
        ("LIB", "nom 'a", "", "cannot be split"),
        ("LIB", 3, "", "3 is no mapping"),
        ("MACROS", {"m": {"lef": []}}, ".m", "'lef' is not a field of Macro with gds, instances"),
        ("MACROS", {"m": {}}, ".m", "'gds' is missing"),
        ("MACROS", {"m": {"gds": ["a"], "instances": {"u": {"location": [1]}}}},
         ".m.instances.u.location", "has 1 values, not 2"),
        ("CLOCK_PORT", {"a": 1}, "", "is not text or list of text"),
    ],
)  # fmt: skip
def test_what_is_of_another_type(name: str, value: Any, where: str, words: str) -> None:
    with pytest.raises(MismatchError) as refused:
        paths_in(type_of(name), value, strict=False)
    assert refused.value.where == where
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLOCK_PERIOD", "10"),
        ("RUN_LVS", "1"),
        ("RUN_LVS", "false"),
        ("VERILOG_FILES", "a.v b.v"),
        ("LIB", "nom a.lib"),
        ("DIE_AREA", "0 0 9 9"),
    ],
)
def test_version_2_wants_json_s_own_kinds(name: str, value: Any) -> None:
    paths_in(type_of(name), value, strict=False)
    with pytest.raises(MismatchError, match="as a config of version 2 needs it"):
        paths_in(type_of(name), value, strict=True)


def test_what_is_shown_of_a_value_does_no_harm() -> None:
    for value in ("\ud800\0\n" * 99, "x" * (1 << 20), ["y"] * 9999):
        with pytest.raises(MismatchError) as refused:
            paths_in(type_of("CLOCK_PERIOD"), value, strict=False)
        assert len(refused.value.message) < 200
        assert refused.value.message.isascii()
        assert refused.value.message.isprintable()


#: Run by LibreLane's Python: says for each name, value and way whether LibreLane takes it.
_ASK = """
import json, sys
from librelane.common import GenericDict
from librelane.config.flow import flow_common_variables
from librelane.flows import Flow
found = {one.name: one for one in flow_common_variables}
flow = Flow.factory.get("Classic")
for variables in (flow.config_vars, *(step.config_vars for step in flow.Steps)):
    found.update((one.name, one) for one in variables)
def takes(name, value, strict):
    try:
        found[name].compile(GenericDict({name: value}), [], permissive_typing=not strict)
    except (ValueError, TypeError):
        return False
    return True
print(json.dumps([takes(*one) for one in json.load(sys.stdin)]))
"""
_VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, -3, 1.5, 40.0, "", "0", "1", "40", "1.5", "true", "False", "yes"),
    *("text", "a b", "a,b", "a;b;", "1 2 3 4", "0 0 9 9", "AREA 0", "AREA 9", "high", "N"),
    *([], ["a"], ["a", "b"], [1, 2], [0, 0, 10.5, "9"], [None], [["a"], "b"], [[1, 2]]),
    *({}, {"a": 1}, {"a": "b"}, {"a": [1, 2]}, {"a": {"b": {"c": 3}}}, ["a", "b", "c"]),
]
#: Of each type one. Paths are told from our own check of files, which LibreLane makes one with.
_NAMES = (
    *("CLOCK_PERIOD", "RUN_CTS", "DIE_AREA", "CLOCK_PORT", "SYNTH_STRATEGY", "DESIGN_NAME"),
    *("GRT_OVERFLOW_ITERS", "MAX_FANOUT_CONSTRAINT", "VDD_NETS", "STA_CORNERS", "LAYERS_RC"),
    *("SYNTH_TIE_UNDEFINED", "FP_OBSTRUCTIONS", "PL_TARGET_DENSITY_PCT", "PDN_CORE_RING"),
    *("VERILOG_DEFINES", "RT_MAX_LAYER", "MANUAL_GLOBAL_PLACEMENTS", "KLAYOUT_DRC_DEFINES"),
)


def _is_mistake_that_librelane_takes(name: str, value: Any) -> bool:
    """Return whether a value can only be a mistake, which LibreLane takes all the same."""
    number = type_of_number(name)
    return (bool(number) and isinstance(value, bool)) or (number == "int" and value == 1.5)


def type_of_number(name: str) -> str:
    return {
        "CLOCK_PERIOD": "decimal",
        "PL_TARGET_DENSITY_PCT": "decimal",
        "GRT_OVERFLOW_ITERS": "int",
        "MAX_FANOUT_CONSTRAINT": "int",
    }.get(name, "")


@pytest.mark.flow
def test_we_are_as_lenient_as_the_real_librelane(flow: Settings) -> None:
    catalog = find_installation(flow).catalog()
    asked = [
        (name, value, strict)
        for name in _NAMES
        for value in _VALUES
        for strict in (False, True)
        if not _is_mistake_that_librelane_takes(name, value)
    ]
    told = subprocess.run(
        [str(flow.flow_python), "-c", _ASK],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=True,
    )
    theirs = json.loads(told.stdout.splitlines()[-1])
    different = [
        (one, "LibreLane takes it" if takes else "LibreLane does not")
        for one, takes in zip(asked, theirs, strict=True)
        if takes != _we_take(catalog, *one)
    ]
    assert different == []
    assert 200 < sum(theirs) < len(asked) - 200


def _we_take(catalog: Catalog, name: str, value: Any, strict: bool) -> bool:
    try:
        paths_in(catalog.variables_of("Classic")[name].type, value, strict=strict)
    except MismatchError:
        return False
    return True


@pytest.mark.flow
def test_every_variable_takes_its_own_default(flow: Settings) -> None:
    for variable in find_installation(flow).catalog().variables:
        if variable.default is not None:
            paths_in(variable.type, variable.default, strict=False)
