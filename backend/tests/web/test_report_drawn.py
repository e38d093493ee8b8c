"""What a report draws of steps and results."""

from app.models import Step
from app.schemas.job_results import CornerView, GroupView, MetricView, ResultView
from app.web.report.drawn import cells, slacks, times

_NONE: dict[str, None] = dict.fromkeys(name for name in CornerView.model_fields)


def result(corners: dict[str | None, float | str], metrics: dict[str, int | str]) -> ResultView:
    views = [
        MetricView(
            name=name,
            title=name,
            value=value,
            unit="count",
            corner=None,
            kind="int",
            higher_is_better=None,
        )
        for name, value in metrics.items()
    ]
    return ResultView(
        verdict="clean",
        message=None,
        headline=[],
        timing=[
            CornerView(**{**_NONE, "corner": corner, "setup_ws": slack})
            for corner, slack in corners.items()
        ],
        groups=[GroupView(name="Cells", metrics=views)],
        installation={},
        pdk={},
        versions={},
    )


def test_the_longest_steps_and_the_rest() -> None:
    steps = [Step(name=f"step {n}", seconds=float(n)) for n in range(15)]
    chart = times([*steps, Step(name="to come", seconds=None)])
    assert chart is not None
    assert [bar.datum.label for bar in chart.bars[:2]] == ["step 14", "step 13"]
    assert (chart.bars[-1].datum.label, chart.bars[-1].datum.value) == ("all others", 1 + 2)
    assert len(chart.bars) == 13
    assert times([Step(name="to come", seconds=None)]) is None


def test_slacks_of_each_corner() -> None:
    [chart] = slacks(result({None: -1.0, "slow": -1.0, "fast": "Infinity", "typical": 0.0}, {}))
    shown = [(bar.datum.label, bar.datum.text, bar.datum.kind) for bar in chart.bars]
    assert shown == [("slow", "-1 ✗", "bad"), ("fast", "∞", "good"), ("typical", "0", "good")]


def test_cells_by_type() -> None:
    of = "design__instance__count__class:"
    metrics: dict[str, int | str] = {
        f"{of}fill_cell": 4264,
        f"{of}buffer": 2,
        f"{of}none": 0,
        f"{of}odd": "NaN",
        "design__instance__count": 9,
    }
    chart = cells(result({}, metrics))
    assert chart is not None
    assert [(bar.datum.label, bar.datum.text) for bar in chart.bars] == [
        ("fill cell", "4,264"),
        ("buffer", "2"),
    ]
    assert cells(result({}, {})) is None
