"""Which flow a build runs, by what workers offer."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.core.settings import Settings
from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import load_catalog
from app.toolchains.librelane.config import tools, validate
from app.toolchains.librelane.flows import Wanted, can_run, choose_flow
from app.toolchains.librelane.offer import Offer, Offered, Pdk
from app.toolchains.librelane.toolchain import LibreLane
from tests.toolchains.librelane.catalogs import CATALOG, as_text

_CATALOG = load_catalog(as_text(CATALOG))
_OURS, _WHOLE = Pdk("sky130A", "abcdef", True), Pdk("sky130A", "8afc83", False)
SMALL = Offered(Offer("3.0.0", "-", ("yosys",), (_OURS,)), _CATALOG)
WHOLE = Offered(Offer("3.0.0", "-", ("yosys", "openroad"), (_WHOLE,)), _CATALOG)
BOTH = Offered(Offer("3.0.0", "-", ("yosys", "openroad"), (_WHOLE, _OURS)), _CATALOG)


def test_what_can_run() -> None:
    assert [can_run(one) for one in (SMALL, WHOLE, BOTH)] == [
        ["Offline"],
        ["Classic"],
        ["Classic", "Offline"],
    ]


def test_a_build_that_names_no_flow_gets_the_usual_one() -> None:
    assert choose_flow([], Wanted()) == ("Offline", None)
    assert choose_flow([BOTH], Wanted()) == ("Classic", BOTH)
    assert choose_flow([SMALL, WHOLE], Wanted()) == ("Classic", WHOLE), "whoever told last"
    assert choose_flow([SMALL, WHOLE], Wanted(pdk_version="abc")) == ("Offline", SMALL)
    gone = replace(WHOLE, is_there=False)
    assert choose_flow([SMALL, gone], Wanted()) == ("Offline", SMALL)
    assert choose_flow([replace(SMALL, is_there=False), gone], Wanted())[0] == "Offline"


def test_the_newest_offer_that_can_run_it_is_taken() -> None:
    assert choose_flow([SMALL, BOTH, WHOLE], Wanted("Classic")) == ("Classic", BOTH)
    newer = replace(BOTH, offer=replace(BOTH.offer, librelane="4"))
    assert choose_flow([newer, BOTH], Wanted("Offline")) == ("Offline", newer)


def test_variables_that_switch_steps_off_make_a_flow_need_less() -> None:
    steps: list[dict[str, Any]] = [*CATALOG["flows"][1]["steps"]]
    gate = [{"variable": "RUN_FLOORPLAN", "default": True, "old_names": []}]
    flows = [CATALOG["flows"][1] | {"steps": [steps[0], steps[1] | {"gates": gate}]}]
    catalog = load_catalog(as_text(CATALOG | {"flows": flows}))
    offer = Offered(replace(SMALL.offer, pdks=(_WHOLE,)), catalog)
    with pytest.raises(BadInputError, match="needs openroad"):
        choose_flow([offer], Wanted("Classic"))
    assert choose_flow([offer], Wanted("Classic", variables={"RUN_FLOORPLAN": 0}))


def test_a_build_needs_only_what_the_steps_from_its_first_to_its_last_need() -> None:
    small = Offered(replace(SMALL.offer, pdks=(_WHOLE,)), _CATALOG)
    assert choose_flow([small], Wanted("Classic", end="yosys.synthesis")) == ("Classic", small)
    with pytest.raises(BadInputError, match="needs openroad"):
        choose_flow([small], Wanted("Classic", end="OpenROAD.Floorplan"))
    bare = replace(small, offer=replace(small.offer, tools=("openroad",)))
    assert choose_flow([bare], Wanted("Classic", begin="OpenROAD.Floorplan"))
    config = {"DESIGN_NAME": "spm", "flow": "Classic", "to": "Yosys.Synthesis"}
    checked = validate(config, ["spm.v"], offers=[BOTH])
    assert tools(checked, ["spm.v"], offers=[BOTH]) == ("yosys",)
    assert tools({**checked, "to": None}, ["spm.v"], offers=[BOTH]) == ("openroad", "yosys")


def test_a_build_that_names_no_pdk_needs_the_usual_one_if_a_worker_has_it() -> None:
    other = Pdk("gf180mcuD", "c0ffee", False)
    gf = Offered(replace(WHOLE.offer, pdks=(other,)), _CATALOG)
    config = validate({"DESIGN_NAME": "spm", "flow": "Classic"}, ["spm.v"], offers=[gf])

    def needed(settings: Settings, *offers: Offered) -> str:
        return LibreLane(settings, lambda: offers).needs(config, ["spm.v"]).pdk

    assert needed(Settings(), gf, WHOLE) == "sky130A", "not what either worker would choose"
    assert needed(Settings(), gf) == ""
    assert needed(Settings(pdk="gf180mcu"), gf, WHOLE) == "gf180mcuD"


@pytest.mark.parametrize(
    ("wanted", "field", "words"),
    [
        (Wanted("Classic"), "config.flow", ("The flow Classic needs openroad, which no worker has. "
                                           "What can run here: Offline.")),
        (Wanted("Clasic"), "config.flow", "no flow 'Clasic'. Did you mean 'Classic'?"),
        (Wanted("OpenInKLayout"), "config.flow", "opens windows"),
        (Wanted("Classic", named_in="config.json.meta.flow"), "config.json.meta.flow", "openroad"),
        (Wanted(pdk="gf180mcuD"), "config.pdk", ("No worker has a PDK 'gf180mcuD' for the flow "
                                                "Offline; installed: sky130A abcdef.")),
        (Wanted(pdk="sky130", pdk_version="fff"), "config.pdk_version", "no worker|No worker"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_told_with_what_can(wanted: Wanted, field: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words.replace("?", r"\?")) as refused:
        choose_flow([SMALL], wanted)
    assert refused.value.field == field


def test_a_flow_for_which_no_pdk_is_there() -> None:
    offer = replace(BOTH, offer=replace(BOTH.offer, pdks=(_OURS,)))
    with pytest.raises(BadInputError, match="needs a PDK that no worker has"):
        choose_flow([offer], Wanted("Classic"))


def test_pdks_by_family_and_by_the_beginning_of_a_version() -> None:
    assert choose_flow([WHOLE], Wanted(pdk="sky130", pdk_version="8afc")) == ("Classic", WHOLE)


def _validate(text: str, **config: Any) -> dict[str, Any]:
    files = {"config.json": text, "a.v": ""}
    return validate(config, list(files), lambda name: files[name].encode(), [SMALL, WHOLE])


def test_the_project_s_file_may_name_the_flow() -> None:
    text = '{"DESIGN_NAME": "a", "meta": {"version": 2, "flow": "Classic"}}'
    assert _validate(text)["flow"] == "Classic"
    assert _validate(text, flow="Offline")["flow"] == "Offline"
    with pytest.raises(BadInputError, match="no flow 'Chip'") as refused:
        _validate('{"DESIGN_NAME": "a", "meta": {"flow": "Chip"}}')
    assert refused.value.field == "files/config.json.meta.flow"


def test_the_project_s_file_may_name_the_pdk() -> None:
    text = '{"DESIGN_NAME": "a", "PDK": "sky130A"}'
    assert _validate(text)["pdk"] == "sky130A"
    assert _validate(text, pdk="sky130")["pdk"] == "sky130"
    for pdk, words in (("gf180mcuD", "No worker has a PDK"), (["x"], "not the name of a PDK")):
        with pytest.raises(BadInputError, match=words):
            _validate(json.dumps({"DESIGN_NAME": "a", "PDK": pdk}))


def test_variables_are_checked_with_the_catalog_of_who_will_build() -> None:
    with pytest.raises(BadInputError, match="Did you mean 'FP_CORE_UTIL'"):
        _validate('{"DESIGN_NAME": "a"}', FP_CORE_UTLI=40)
