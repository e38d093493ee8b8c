"""The catalog: read strictly, and exported by the real LibreLane."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import Settings
from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import (
    Catalog,
    FlowStep,
    catalog_text,
    export_command,
    load_catalog,
    tools_command,
)
from app.toolchains.librelane.catalog.source import KEPT
from app.toolchains.librelane.environment import InEnvironment
from app.toolchains.librelane.installation import find_installation
from app.toolchains.librelane.offer import facts_to_offer, offers_of
from tests.toolchains.librelane.catalogs import CATALOG, as_text


def _changed(**changes: Any) -> bytes:
    return as_text(CATALOG | changes)


def test_what_is_printed_before_the_catalog_does_not_matter() -> None:
    assert load_catalog(b"a warning\n" + as_text(CATALOG) + b"\n").version == "3.0.0"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[" * 100_000,
        b" " * (9 << 20),
        _changed(format=2),
        _changed(version=3),
        _changed(more=1),
        _changed(variables=[{"name": "X"}]),
        _changed(variables=[CATALOG["variables"][0] | {"type": {"kind": "shell"}}]),
        _changed(variables=[CATALOG["variables"][0] | {"type": {"kind": "list", "of": []}}]),
        as_text(CATALOG).replace(b"3.0.0", b"\xff"),
    ],
)
def test_what_is_no_catalog_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"catalog|Catalog"):
        load_catalog(text)


def test_steps_that_gates_switch_off() -> None:
    flow = load_catalog(as_text(CATALOG)).flow("Offline")
    assert flow is not None
    both = ["Yosys.Synthesis", "Checker.LVS", "Checker.LVS-1"]
    assert [step.id for step in flow.steps_for({})] == both
    assert [step.id for step in flow.steps_for({"RUN_LVS": True})] == both
    for off in ({"RUN_LVS": False}, {"RUN_LVS": "0"}, {"LVS": "false", "RUN_LVS": True}):
        assert [step.id for step in flow.steps_for(off)] == ["Yosys.Synthesis"], off


def test_types_in_words() -> None:
    catalog = load_catalog(as_text(CATALOG))
    words = {one.name: str(one.type) for one in catalog.variables}
    assert words["CLOCK_PERIOD"] == "decimal"
    assert words["CLOCK_PORT"] == "text or list of text, or null"
    assert words["SYNTH_STRATEGY"] == "one of 'AREA 0', 'DELAY 0'"
    assert words["MACROS"] == "mapping of text to Macro with gds, instances, or null"


def test_variables_are_known_by_all_their_names_and_by_flow() -> None:
    catalog = load_catalog(as_text(CATALOG))
    offline, classic = catalog.variables_of("Offline"), catalog.variables_of("Classic")
    assert offline["LVS"] is offline["RUN_LVS"]
    assert (offline["FP_CORE_UTIL"].default, classic["FP_CORE_UTIL"].default) == (40, 50)
    assert "RUN_LVS" not in classic
    assert catalog.variables_of("None") == {}
    assert catalog.variable("LVS") is offline["RUN_LVS"]
    assert catalog.variable("NOT") is None


def test_what_set_up_has_kept_is_read(tmp_path: Path) -> None:
    (tmp_path / KEPT).write_bytes(b"kept")
    assert catalog_text(tmp_path / "bin" / "python", {}) == b"kept"


def test_an_installation_that_does_not_answer(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(BadInputError, match="does not tell what it has"):
        InEnvironment(python).catalog()


@pytest.fixture(scope="module")
def real(flow: Settings) -> Catalog:
    command = export_command(str(flow.flow_python))
    return load_catalog(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.flow
def test_flows_of_the_real_librelane(real: Catalog) -> None:
    classic, offline = real.flow("Classic"), real.flow("Offline")
    assert classic is not None
    assert offline is not None
    ids = [step.id for step in classic.steps]
    assert ids[0] == "Verilator.Lint"
    assert ids.index("OpenROAD.STAMidPNR-1") > ids.index("OpenROAD.CTS")
    assert len(ids) == len(set(ids)) > 60
    usual = {step.id for step in classic.steps_for({})}
    assert {"Yosys.EQY", "OpenROAD.ResizerTimingPostGRT"} & usual == set()
    quick = {step.id for step in classic.steps_for({"RUN_LINTER": False})}
    assert usual - quick == {
        "Verilator.Lint",
        *(f"Checker.Lint{what}" for what in ("Errors", "Warnings", "TimingConstructs")),
    }
    assert offline.steps[-1].id == "Misc.ReportManufacturability"
    assert all(flow.doc or flow.name == "Optimizing" for flow in real.flows)


@pytest.mark.flow
def test_variables_of_the_real_librelane(real: Catalog) -> None:
    variables = real.variables_of("Classic")
    period = variables["CLOCK_PERIOD"]
    assert (str(period.type), period.units, period.is_universal) == ("decimal", "ns", True)
    macros = variables["MACROS"]
    assert {"gds", "lef", "instances"} <= {f.name for f in macros.type.of[0].of[1].fields}
    assert "OpenROAD.Floorplan" in variables["FP_CORE_UTIL"].steps
    assert variables["FP_CORE_UTIL"].default != real.variables_of("Offline")["FP_CORE_UTIL"].default
    assert variables["CLOCK_TREE_SYNTH"].name == "RUN_CTS"
    assert all(one.description and one.type.kind != "any" for one in real.variables)
    assert "LEC_ENABLE" in real.removed
    assert "site-packages" not in json.dumps([one.default for one in real.variables])


@pytest.mark.flow
def test_the_installations_catalog_is_that_of_its_librelane(flow: Settings, real: Catalog) -> None:
    assert find_installation(flow).catalog() == real


@pytest.mark.flow
def test_tools_of_the_real_librelane(flow: Settings) -> None:
    environment = find_installation(flow).environment()
    command = tools_command(str(flow.flow_python))
    told = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert {"yosys", "verilator"} <= set(json.loads(told.splitlines()[-1]))


@pytest.mark.parametrize(
    ("step", "tool"),
    [
        ("Yosys.Synthesis", "yosys"),
        ("Yosys.EQY", "eqy"),
        ("Odb.DiodesOnPorts", "openroad"),
        ("OpenROAD.STAMidPNR-2", "openroad"),
        ("KLayout.DRC", "klayout"),
        ("KLayout.Render", None),
        ("Checker.LVS", None),
        ("Offline.Placement", None),
    ],
)
def test_programs_that_steps_need(step: str, tool: str | None) -> None:
    assert FlowStep(step, step, ()).tool == tool


@pytest.mark.flow
def test_what_the_real_installation_offers(flow: Settings, real: Catalog) -> None:
    [(offer, text)] = offers_of(flow)
    assert load_catalog(text) == real
    assert (offer.librelane, offer.catalog) == (real.version, sha256(text).hexdigest())
    assert "sky130A" in [pdk.name for pdk in offer.pdks]
    assert facts_to_offer(offer.facts()) == offer
    offline = real.flow("Offline")
    assert offline is not None
    assert {step.tool for step in offline.steps_for({})} - {None} <= set(offer.tools)
