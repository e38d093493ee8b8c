"""What a job came to, for those who read results: GET /jobs/{id}/result."""

from typing import Any

from pydantic import BaseModel

from app.schemas.jobs import JsonValue
from app.schemas.results import FindingsView


class FigureView(BaseModel):
    """One of the main numbers; `good` is None where no value is better than another."""

    name: str
    value: JsonValue
    unit: str
    good: bool | None


class MetricView(BaseModel):
    """A metric under the tools' own name, with a title for people.

    `unit` is None where none is known, 'count' for a number of things, '1' for a ratio.
    """

    name: str
    title: str
    value: JsonValue
    unit: str | None
    corner: str | None
    kind: str
    higher_is_better: bool | None


class GroupView(BaseModel):
    """Metrics that belong together."""

    name: str
    metrics: list[MetricView]


class CornerView(BaseModel):
    """Timing in a corner, in all together where `corner` is None. Slacks are in ns."""

    corner: str | None
    setup_ws: JsonValue | None
    setup_wns: JsonValue | None
    setup_tns: JsonValue | None
    setup_violations: int | None
    hold_ws: JsonValue | None
    hold_wns: JsonValue | None
    hold_tns: JsonValue | None
    hold_violations: int | None
    slew_violations: int | None
    cap_violations: int | None
    fanout_violations: int | None


class ResultView(FindingsView):
    """A job's result; the lists are empty and `verdict` None before its end."""

    verdict: str | None
    message: str | None
    headline: list[FigureView]
    timing: list[CornerView]
    groups: list[GroupView]
    installation: dict[str, Any]
    pdk: dict[str, Any]
    versions: dict[str, Any]
