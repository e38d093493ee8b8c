import json
from pathlib import Path
from typing import Any

import pytest
from conftest import cell

from librelane_plugin_offline.database import FlowError
from librelane_plugin_offline.lef import Macro
from librelane_plugin_offline.netlist import read_netlist

Module = dict[str, Any]


def inverter(a: list[Any], y: list[Any]) -> Module:
    return {"type": cell("inv_1"), "connections": {"A": a, "Y": y}}


@pytest.fixture
def module() -> Module:
    """A two-bit port through two inverters to a scalar, over an internal net."""
    return {
        "ports": {
            "a": {"direction": "input", "bits": [2, 3]},
            "y": {"direction": "output", "bits": [4]},
        },
        "netnames": {"a": {"bits": [2, 3]}, "y": {"bits": [4]}, "mid": {"bits": [5]}},
        "cells": {"u1": inverter([2], [5]), "u2": inverter([5], [4])},
    }


def read(module: Module, macros: dict[str, Macro], tmp_path: Path) -> Any:
    path = tmp_path / "netlist.json"
    path.write_text(json.dumps({"modules": {"top": module}}))
    return read_netlist(path, "top", macros)


def test_bits_of_ports_are_ports_of_their_own(
    module: Module, macros: dict[str, Macro], tmp_path: Path
) -> None:
    design = read(module, macros, tmp_path)
    assert {name: port.direction for name, port in design.ports.items()} == {
        "a[0]": "input",
        "a[1]": "input",
        "y": "output",
    }
    assert design.nets["mid"] == [("u1", "Y"), ("u2", "A")]
    assert design.nets["a[0]"] == [("u1", "A")]
    assert design.nets["a[1]"] == []


def test_two_ports_of_one_bit_share_a_net(
    module: Module, macros: dict[str, Macro], tmp_path: Path
) -> None:
    module["ports"]["z"] = {"direction": "output", "bits": [4]}
    design = read(module, macros, tmp_path)
    assert design.ports["z"].net == design.ports["y"].net == "y"


def test_a_port_at_a_constant_is_an_error_that_names_it(
    module: Module, macros: dict[str, Macro], tmp_path: Path
) -> None:
    module["ports"]["y"]["bits"] = ["0"]
    with pytest.raises(FlowError, match=r"Port y .*constant"):
        read(module, macros, tmp_path)


def test_a_cell_pin_at_a_constant_is_an_error_that_names_it(
    module: Module, macros: dict[str, Macro], tmp_path: Path
) -> None:
    module["cells"]["u1"] = inverter(["1"], [5])
    with pytest.raises(FlowError, match=r"u1"):
        read(module, macros, tmp_path)


def test_an_unconnected_output_is_no_error(
    module: Module, macros: dict[str, Macro], tmp_path: Path
) -> None:
    module["cells"]["u3"] = inverter([5], [])
    design = read(module, macros, tmp_path)
    assert design.instances["u3"].pins == {"A": "mid"}


def test_an_unknown_cell_is_an_error_that_names_it(
    module: Module, macros: dict[str, Macro], tmp_path: Path
) -> None:
    module["cells"]["u9"] = {"type": "$_DFF_P_", "connections": {}}
    with pytest.raises(FlowError, match=r"u9.*\$_DFF_P_"):
        read(module, macros, tmp_path)


def test_a_missing_top_module_is_an_error(
    module: Module, macros: dict[str, Macro], tmp_path: Path
) -> None:
    path = tmp_path / "netlist.json"
    path.write_text(json.dumps({"modules": {"other": module}}))
    with pytest.raises(FlowError, match="top"):
        read_netlist(path, "top", macros)


def test_a_wire_named_like_a_bit_of_a_port_stays_a_net_of_its_own(
    module: Module, macros: dict[str, Macro], tmp_path: Path
) -> None:
    """In Verilog `wire \\a[0] ;` has nothing to do with bit 0 of `a`."""
    module["netnames"]["a[0]"] = module["netnames"].pop("mid")
    design = read(module, macros, tmp_path)
    assert len(design.nets) == 4
    assert design.instances["u1"].pins["A"] != design.instances["u1"].pins["Y"]
