"""Which steps a build takes, and which a user may choose."""

import pytest

from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import Catalog, load_catalog
from app.toolchains.librelane.plan import Plan
from tests.toolchains.librelane.catalogs import CATALOG, as_text

STEPS = ("Yosys.Synthesis", "Checker.LVS", "Checker.LVS-1")


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(as_text(CATALOG))


def _plan(catalog: Catalog, variables: dict[str, object] | None = None, **config: object) -> Plan:
    flow = catalog.flow("Offline")
    assert flow is not None
    return Plan.of(flow, variables or {}, {key.rstrip("_"): of for key, of in config.items()})


def test_all_steps_are_to_come_at_first(catalog: Catalog) -> None:
    assert _plan(catalog).to_come([]) == list(STEPS)


def test_what_has_begun_is_not_to_come(catalog: Catalog) -> None:
    assert _plan(catalog).to_come(["Yosys.Synthesis", "Checker.LVS"]) == ["Checker.LVS-1"]
    assert _plan(catalog).to_come(list(STEPS)) == []


def test_a_step_that_the_plan_does_not_know_changes_nothing(catalog: Catalog) -> None:
    assert _plan(catalog).to_come(["Odb.Surprise"]) == list(STEPS)


def test_what_is_switched_off_is_not_to_come(catalog: Catalog) -> None:
    assert _plan(catalog, {"RUN_LVS": False}).to_come([]) == ["Yosys.Synthesis"]


def test_nothing_comes_after_the_end(catalog: Catalog) -> None:
    plan = _plan(catalog, to="Checker.LVS")
    assert plan.to_come([]) == list(STEPS[:2])
    assert plan.to_come(["Checker.LVS"]) == []


def test_ids_in_any_case(catalog: Catalog) -> None:
    assert _plan(catalog, from_="checker.lvs").begin == "Checker.LVS"


@pytest.mark.parametrize(
    ("config", "field", "words"),
    [
        ({"to": "Checker.LVM"}, "config.to", "Did you mean 'Checker.LVS'?"),
        ({"from_": "Unlike.Anything"}, "config.from", "Its steps: Yosys.Synthesis, "),
        ({"from_": "Checker.LVS-1", "to": "Checker.LVS"}, "config.to", "comes before"),
    ],
)
def test_a_choice_that_cannot_be(
    catalog: Catalog, config: dict[str, str], field: str, words: str
) -> None:
    with pytest.raises(BadInputError) as refused:
        _plan(catalog, None, **config)
    assert refused.value.field == field
    assert words in refused.value.message
