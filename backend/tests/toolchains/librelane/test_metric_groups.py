"""Metrics in groups, per corner and at a glance."""

import math

import pytest

from app.toolchains.base import Value
from app.toolchains.librelane.metric_groups import Headline, Metric, grouped, headline, timing_table
from app.toolchains.librelane.metric_names import GROUPS, about, parse_name


def _one(name: str, value: Value) -> tuple[str, Metric]:
    [group] = grouped({name: value})
    [metric] = group.metrics
    return group.name, metric


@pytest.mark.parametrize(
    ("name", "base", "corner", "of"),
    [
        ("power__total", "power__total", None, ()),
        ("timing__setup__ws__corner:max_ss", "timing__setup__ws", "max_ss", ()),
        ("route__drc_errors__iter:3", "route__drc_errors", None, ("iteration 3",)),
        (
            "design_powergrid__drop__worst__net:VDD__corner:nom_tt",
            "design_powergrid__drop__worst",
            "nom_tt",
            ("net VDD",),
        ),
        ("flow__warnings__count:STA-0366", "flow__warnings__count", None, ("STA-0366",)),
        ("design__rows:unithd", "design__rows", None, ("unithd",)),
        (
            "design__instance__count__class:clock_buffer",
            "design__instance__count",
            None,
            ("class clock buffer",),
        ),
        ("odd:name", "odd:name", None, ()),
    ],
)
def test_names_are_taken_apart(
    name: str, base: str, corner: str | None, of: tuple[str, ...]
) -> None:
    parsed = parse_name(name)
    assert (parsed.base, parsed.corner, parsed.of) == (base, corner, of)


def test_a_known_metric() -> None:
    group, metric = _one("timing__hold__ws__corner:nom_tt", 0.25)
    assert group == "Timing"
    assert metric == Metric(
        "timing__hold__ws__corner:nom_tt", "Worst hold slack", 0.25, "ns", "nom_tt", "real", True
    )


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("timing__setup__wns", 0, "real"),
        ("timing__setup__ws", math.inf, "real"),
        ("magic__drc_error__count", 3, "int"),
        ("magic__drc_error__count", math.nan, "real"),
        ("design__die__bbox", "0 0 1 1", "text"),
        ("something__else", 7, "int"),
    ],
)
def test_kinds(name: str, value: Value, kind: str) -> None:
    assert _one(name, value)[1].kind == kind


@pytest.mark.parametrize(
    ("base", "group", "title", "unit"),
    [
        ("foundry__lvs_shorts__count", "LVS", "Foundry lvs shorts count", "count"),
        ("timing__recovery__ws", "Timing", "Timing recovery ws", "ns"),
        ("power__clock__total", "Power", "Power clock total", "W"),
        ("offline__cells", "Cells", "Offline cells", None),
        ("weather", "Other", "Weather", None),
    ],
)
def test_what_is_not_known_is_guessed_by_its_name(
    base: str, group: str, title: str, unit: str | None
) -> None:
    found = about(base)
    assert (found.group, found.title, found.unit) == (group, title, unit)
    assert found.higher_is_better is None


def test_groups_and_what_is_of_all_come_first() -> None:
    names = (
        *("weather", "power__total", "timing__hold__ws", "timing__setup__ws__corner:a"),
        "timing__setup__ws",
    )
    groups = grouped(dict.fromkeys(names, 1))
    assert [group.name for group in groups] == ["Timing", "Power", "Other"]
    assert {group.name for group in groups} < set(GROUPS)
    assert [metric.name for metric in groups[0].metrics] == [
        "timing__setup__ws",
        "timing__hold__ws",
        "timing__setup__ws__corner:a",
    ]


def test_nothing() -> None:
    assert grouped({}) == []
    assert timing_table({}) == []
    assert headline({}) == Headline()


def test_timing_of_all_then_of_each_corner() -> None:
    rows = timing_table(
        {
            "timing__setup__ws__corner:max_ss": -5.9,
            "timing__setup__ws__corner:nom_tt": 1,
            "timing__setup_vio__count__corner:max_ss": 12.0,
            "timing__setup__ws": -5.9,
            "timing__hold__ws__corner:nom_tt": math.inf,
            "design__max_slew_violation__count__corner:max_ss": 4,
            "design__max_cap_violation__count": "many",
            "power__total": 1.0,
        }
    )
    assert [row.corner for row in rows] == [None, "nom_tt", "max_ss"]
    assert (rows[0].setup_ws, rows[0].setup_violations) == (-5.9, None)
    assert (rows[1].setup_ws, rows[1].hold_ws) == (1.0, math.inf)
    assert (rows[2].setup_violations, rows[2].slew_violations) == (12, 4)


def test_counts_without_bounds_are_left_out() -> None:
    [row] = timing_table({"timing__hold_vio__count": math.inf, "timing__hold__tns": -math.inf})
    assert (row.hold_violations, row.hold_tns) == (None, -math.inf)


def test_headline() -> None:
    found = headline(
        {
            "design__instance__count": 4587,
            "design__instance__count__stdcell": 323,
            "timing__setup__ws": 2.0,
            "timing__setup__ws__corner:max_ss": -1.0,
            "timing__hold__ws": math.nan,
            "magic__drc_error__count": 0,
            "klayout__drc_error__count": 3,
            "route__antenna_violation__count": 2,
            "power__total": "much",
        }
    )
    assert (found.cells, found.instances) == (323, 4587)
    assert (found.setup_slack, found.hold_slack) == (-1.0, None)
    assert (found.drc_errors, found.lvs_errors, found.antenna_violations) == (3, None, 2)
    assert found.power is None
