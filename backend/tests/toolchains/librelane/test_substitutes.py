"""Other steps in a flow, as a config file wants them."""

from typing import Any

import pytest

from app.toolchains.base import BadInputError
from app.toolchains.librelane.catalog import load_catalog
from app.toolchains.librelane.substitutes import read_substitutes, substituted
from tests.toolchains.librelane.catalogs import CATALOG, as_text

KNOWN = load_catalog(as_text(CATALOG))
CLASSIC = KNOWN.flow("Classic")


def ids(value: Any) -> list[str]:
    assert CLASSIC is not None
    flow = substituted(KNOWN, CLASSIC, read_substitutes("f", value))
    return [step.id for step in flow.steps]


def test_steps_are_put_where_they_are_wanted() -> None:
    synthesis, floorplan = ids(None)
    assert ids({floorplan: None}) == [synthesis]
    assert ids({f"+{synthesis}": floorplan}) == [synthesis, floorplan, f"{floorplan}-1"]
    assert ids({f"-{synthesis}": floorplan}) == [floorplan, synthesis, f"{floorplan}-1"]
    assert ids([["openroad.*", synthesis]]) == [synthesis, f"{synthesis}-1"]
    twice = [[f"+{floorplan}", synthesis], [f"{synthesis}-1", None]]
    assert ids(twice) == [synthesis, floorplan], "they have their numbers at once"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"OpenROAD.Florplan": None}, "Did you mean 'OpenROAD.Floorplan'"),
        ({"OpenROAD.Floorplan": "Yosys.Synthesys"}, "has no step 'Yosys.Synthesys'"),
        ({"OpenROAD.Floorplan": "KLayout.OpenGUI"}, "opens windows"),
        ({"+OpenROAD.Floorplan": None}, "not null"),
        ({"*": None}, "No step of the flow Classic is left"),
        ({"OpenROAD.Floorplan": 3}, "mapping"),
        ([["OpenROAD.Floorplan"]], "mapping"),
        ("Yosys.Synthesis", "mapping"),
        ({"a b": None}, "mapping"),
    ],
)
def test_what_cannot_be_is_refused(value: Any, words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        ids(value)
