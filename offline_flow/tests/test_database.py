from pathlib import Path

import pytest
from conftest import cell, chain, core_of

from librelane_plugin_offline.database import Design, FlowError, Instance, Port


def test_a_design_is_the_same_after_saving_and_loading(design: Design, tmp_path: Path) -> None:
    chain(design, 2)
    design.ports["in[0]"] = Port("input", "n0", "W", 0, 3060)
    design.plan = core_of(4, 40)
    design.plan.straps.append(("VPWR", 4600))
    design.instances["i0"].x, design.instances["i0"].y = 920, 2720
    design.save(tmp_path / "one.json")

    loaded = Design.load(tmp_path / "one.json", design.macros)
    loaded.save(tmp_path / "two.json")

    assert loaded.instances == design.instances
    assert loaded.nets == design.nets
    assert loaded.ports == design.ports
    assert loaded.plan == design.plan
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_an_unknown_cell_is_told_with_its_instance(design: Design) -> None:
    with pytest.raises(FlowError, match=r"u1.*no cell 'nonsense'"):
        design.add("u1", Instance("nonsense", {}))


def test_a_pin_of_a_mirrored_cell_is_mirrored(design: Design) -> None:
    design.add("i0", Instance(cell("inv_1"), {"A": "a"}, x=920, y=2720, orientation="N"))
    design.add("i1", Instance(cell("inv_1"), {"A": "a"}, x=920, y=5440, orientation="FS"))
    assert design.pin_position("i0", "A") == (1150, 3740)
    assert design.pin_position("i1", "A") == (1150, 5440 + 2720 - 1020)


def test_a_position_is_asked_of_an_unplaced_cell(design: Design) -> None:
    chain(design, 1)
    with pytest.raises(FlowError, match="i0 has not been placed"):
        design.pin_position("i0", "A")


def test_a_design_without_floorplan_says_so(design: Design) -> None:
    with pytest.raises(FlowError, match="no floorplan"):
        _ = design.plan


def test_reconnect_moves_one_pin(design: Design) -> None:
    chain(design, 2)
    design.reconnect("i1", "A", "other")
    assert design.nets["n1"] == [("i0", "Y")]
    assert design.nets["other"] == [("i1", "A")]
    assert design.instances["i1"].pins["A"] == "other"


def test_wire_length_is_the_half_perimeter_of_pins_and_ports(design: Design) -> None:
    design.plan = core_of(4, 40)
    design.add("i0", Instance(cell("inv_1"), {"A": "a"}, x=920, y=2720))  # A at (1150, 3740)
    design.ports["a"] = Port("input", "a", "W", 0, 3060)
    assert design.wire_length() == 1150 + (3740 - 3060)


def test_the_driver_is_a_cells_output_or_nothing(design: Design) -> None:
    chain(design, 2)
    assert design.driver("n1") == ("i0", "Y")
    assert design.driver("n0") is None
