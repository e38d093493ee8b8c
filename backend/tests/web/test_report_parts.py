"""Charts and words of a report."""

import math
from typing import Any

import pytest

from app.web.report.charts import BARS_WIDTH, LABEL_WIDTH, Datum, bar_chart
from app.web.report.words import (
    bytes_in_words,
    figure_in_words,
    number_in_words,
    number_of_value,
    seconds_in_words,
)


def bars(*values: float) -> list[tuple[float, float]]:
    """Return where each bar begins and how wide it is, in parts of the whole."""
    chart = bar_chart("x", [Datum("a", value, "") for value in values])
    assert chart is not None
    return [((bar.x - LABEL_WIDTH) / BARS_WIDTH, bar.width / BARS_WIDTH) for bar in chart.bars]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1.0, 2.0), [(0, 0.5), (0, 1)]),
        ((-1.0, 3.0), [(0, 0.25), (0.25, 0.75)]),
        ((-2.0, -1.0), [(0, 1), (0.5, 0.5)]),
        ((0.0,), [(0, 0)]),
        ((math.inf, 2.0, -2.0), [(0.5, 0.5), (0.5, 0.5), (0, 0.5)]),
        ((-math.inf, 2.0, math.nan), [(0, 0), (0, 1), (0, 0)]),
        ((math.inf,), [(0, 1)]),
    ],
)
def test_bars(values: tuple[float, ...], expected: list[tuple[float, float]]) -> None:
    found = [(round(begin, 6), round(width, 6)) for begin, width in bars(*values)]
    assert found == expected


def test_no_bars_no_chart() -> None:
    assert bar_chart("x", []) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (0.04, "0.0 s"),
        (9.87, "9.9 s"),
        (59.4, "59 s"),
        (61, "1 min 1 s"),
        (119.7, "2 min 0 s"),
        (3_725, "1 h 2 min"),
    ],
)
def test_seconds(value: float | None, words: str) -> None:
    assert seconds_in_words(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, ""),
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (66 << 20, "66 MiB"),
        (5 << 40, "5120 GiB"),
    ],
)
def test_bytes(value: int | None, words: str) -> None:
    assert bytes_in_words(value) == words


@pytest.mark.parametrize(
    ("value", "number", "figure"),
    [
        (None, "-", "-"),
        (12345, "12,345", "12,345"),
        (12345.678, "12345.7", "12,346"),
        (-0.2512349, "-0.251235", "-0.2512"),
        ("Infinity", "∞", "∞"),
        ("-Infinity", "-∞", "-∞"),
        ("NaN", "no number", "no number"),
        ("0.0 0.0 161.0", "0.0 0.0 161.0", "0.0 0.0 161.0"),
    ],
)
def test_numbers(value: Any, number: str, figure: str) -> None:
    assert (number_in_words(value), figure_in_words(value)) == (number, figure)


def test_values_as_numbers() -> None:
    assert [number_of_value(value) for value in (1, "-Infinity", 2.5)] == [1, -math.inf, 2.5]
    assert all(math.isnan(number_of_value(value)) for value in ("NaN", "x", None))
