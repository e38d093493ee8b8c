"""What a report draws: where the time went, slacks by corner, cells by type."""

from collections.abc import Iterator, Sequence

from app.models import Step
from app.schemas.job_results import ResultView
from app.web.report.charts import Chart, Datum, bar_chart
from app.web.report.words import figure_in_words, number_of_value, seconds_in_words

#: How many bars a chart has.
_MOST = 12
_CLASS = "design__instance__count__class:"


def times(steps: Sequence[Step]) -> Chart | None:
    """Return the longest steps, and all others together."""
    timed = sorted(((step.seconds or 0.0, step) for step in steps), key=lambda item: -item[0])
    data = [_time(step.name, seconds) for seconds, step in timed[:_MOST] if seconds > 0]
    rest = sum(seconds for seconds, _ in timed[_MOST:])
    return bar_chart("Where the time went", [*data, _time("all others", rest)] if rest else data)


def slacks(result: ResultView) -> Iterator[Chart]:
    """Yield the worst slacks by corner, for setup and for hold."""
    for kind in ("setup", "hold"):
        data = [
            _slack(one.corner, slack)
            for one in result.timing
            if one.corner and (slack := getattr(one, f"{kind}_ws")) is not None
        ]
        chart = bar_chart(f"Worst {kind} slack by corner, in ns", data)
        if chart:
            yield chart


def cells(result: ResultView) -> Chart | None:
    """Return how many cells there are of each type, if the tools have told."""
    metrics = (one for group in result.groups for one in group.metrics)
    counts = [
        (number_of_value(one.value), one.name.removeprefix(_CLASS).replace("_", " "))
        for one in metrics
        if one.name.startswith(_CLASS)
    ]
    largest = sorted((count, name) for count, name in counts if count > 0)[::-1][:_MOST]
    return bar_chart(
        "Cells by type", [Datum(name, count, f"{count:,.0f}") for count, name in largest]
    )


def _time(name: str, seconds: float) -> Datum:
    return Datum(name, seconds, seconds_in_words(seconds))


def _slack(corner: str, value: object) -> Datum:
    is_bad = number_of_value(value) < 0
    text = figure_in_words(value) + (" ✗" if is_bad else "")
    return Datum(corner, number_of_value(value), text, "bad" if is_bad else "good")
