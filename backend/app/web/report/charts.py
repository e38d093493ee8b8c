"""Bar charts as plain numbers, for a template to draw as SVG."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: Widths and heights, in the SVG's own units.
LABEL_WIDTH = 230.0
BARS_WIDTH = 400.0
TEXT_WIDTH = 90.0
LINE = 22.0
WIDTH = LABEL_WIDTH + BARS_WIDTH + TEXT_WIDTH


@dataclass(frozen=True)
class Datum:
    """One bar: `text` is its value in words, `kind` 'good', 'bad' or 'plain'."""

    label: str
    value: float
    text: str
    kind: str = "plain"


@dataclass(frozen=True)
class Bar:
    """A bar with its place."""

    datum: Datum
    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Chart:
    """Bars below each other; `zero` is where their values are 0."""

    title: str
    bars: Sequence[Bar]
    zero: float

    @property
    def height(self) -> float:
        """The height of the whole."""
        return LINE * len(self.bars)


def bar_chart(title: str, data: Iterable[Datum]) -> Chart | None:
    """Return a chart of values, also negative ones; None if there is nothing to draw.

    Infinity reaches to the end of the chart; what is no number has no bar.
    """
    given = list(data)
    finite = [datum.value for datum in given if math.isfinite(datum.value)]
    if not given:
        return None
    low = min([0.0, *finite])
    span = max([0.0, *finite]) - low or 1.0

    def place(value: float) -> float:
        share = (value - low) / span
        return LABEL_WIDTH + min(max(share, 0.0), 1.0) * BARS_WIDTH

    zero = place(0.0)
    bars = [_bar(datum, zero, place(datum.value), n) for n, datum in enumerate(given)]
    return Chart(title, bars, zero)


def _bar(datum: Datum, zero: float, end: float, number: int) -> Bar:
    if math.isnan(datum.value):
        end = zero
    return Bar(datum, min(zero, end), number * LINE, abs(end - zero))
