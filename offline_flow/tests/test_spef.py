from pathlib import Path

import pytest
from conftest import cell

from librelane_plugin_offline.database import Design, Instance, Port
from librelane_plugin_offline.routing.shapes import NetRoute, Via, Wire
from librelane_plugin_offline.writers.spef import (
    OHM_PER_UM,
    OHM_PER_VIA,
    PF_PER_UM,
    PF_PER_VIA,
    estimate,
    name,
    port_name,
    write_spef,
)

ROUTE = NetRoute(
    "n1", [Wire("met2", 0, 0, 0, 100_000)], [Via("met1", 0, 0), Via("met1", 0, 100_000)]
)


@pytest.fixture
def fan_out(design: Design) -> Design:
    """in[0] drives an inverter, which drives two others and a port."""
    design.add("d[0]", Instance(cell("inv_1"), {"A": "in[0]", "Y": "n1"}))
    for k in range(2):
        design.add(f"s{k}", Instance(cell("inv_1"), {"A": "n1"}))
    design.ports["in[0]"] = Port("input", "in[0]")
    return design


def section(text: str, head: str) -> list[list[str]]:
    """Return the words of the lines after a heading."""
    lines = text.split(head, 1)[1].splitlines()[1:]
    end = next(k for k, line in enumerate(lines) if line.startswith(("*CAP", "*RES", "*END")))
    return [line.split() for line in lines[:end]]


def written(design: Design, routes: list[NetRoute], tmp_path: Path) -> str:
    write_spef(design, routes, tmp_path / "top.spef")
    return (tmp_path / "top.spef").read_text()


def test_length_and_vias_make_the_load() -> None:
    picofarads, ohms = estimate(ROUTE)
    assert picofarads == pytest.approx(100 * PF_PER_UM + 2 * PF_PER_VIA)
    assert ohms == pytest.approx(100 * OHM_PER_UM + 2 * OHM_PER_VIA)


def test_a_net_names_its_driver_and_sinks(fan_out: Design, tmp_path: Path) -> None:
    text = written(fan_out, [ROUTE], tmp_path)
    assert section(text, "*CONN") == [
        ["*I", "d\\[0\\]:Y", "O"],
        ["*I", "s0:A", "I"],
        ["*I", "s1:A", "I"],
    ]


def test_capacitances_add_up_to_the_net_s(fan_out: Design, tmp_path: Path) -> None:
    text = written(fan_out, [ROUTE], tmp_path)
    total = float(text.split("*D_NET n1 ")[1].split()[0])
    assert total == pytest.approx(estimate(ROUTE)[0], rel=1e-4)
    assert sum(float(words[2]) for words in section(text, "*CAP")) == pytest.approx(total, rel=1e-4)


def test_a_sink_sees_a_part_of_the_resistance(fan_out: Design, tmp_path: Path) -> None:
    """All of it with one sink; with more they share the trunk."""
    ohms = [float(words[3]) for words in section(written(fan_out, [ROUTE], tmp_path), "*RES")]
    assert ohms == pytest.approx([estimate(ROUTE)[1] / 2**0.5] * 2, rel=1e-3)


def test_a_port_s_net_has_the_port_s_name(fan_out: Design, tmp_path: Path) -> None:
    text = written(fan_out, [NetRoute("in[0]", [Wire("met2", 0, 0, 0, 1000)])], tmp_path)
    assert "*D_NET in[0] " in text
    assert section(text, "*CONN") == [["*P", "in[0]", "I"], ["*I", "d\\[0\\]:A", "I"]]


def test_a_net_that_nothing_drives_is_left_out(fan_out: Design, tmp_path: Path) -> None:
    fan_out.add("lonely", Instance(cell("inv_1"), {"A": "floating"}))
    assert "floating" not in written(fan_out, [NetRoute("floating")], tmp_path)


def test_names_are_escaped() -> None:
    assert name("u1.q[3]") == "u1\\.q\\[3\\]"
    assert name("$abc$1") == "\\$abc\\$1"
    assert port_name("a[3]") == "a[3]"
    assert port_name("a$b") == "a\\$b"
