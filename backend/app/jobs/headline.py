"""The main numbers of a result, of the many that tools report, with names and units."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.jobs.values import json_value
from app.schemas.job_results import FigureView
from app.toolchains.base import Value
from app.toolchains.librelane.metric_groups import Headline
from app.toolchains.librelane.metric_groups import headline as headline_of_build


def _is_none(value: float) -> bool:
    return value == 0


def _is_met(value: float) -> bool:
    return value >= 0


@dataclass(frozen=True)
class _Figure:
    """`key` is an attribute of Headline, or the metric of a simulation."""

    name: str
    key: str
    unit: str = ""
    is_good: Callable[[float], bool] | None = None
    scale: float = 1


_OF_BUILD = (
    _Figure("Cells", "cells"),
    _Figure("Core area", "core_area", "µm²"),
    _Figure("Die area", "die_area", "µm²"),
    _Figure("Cell area", "cell_area", "µm²"),
    _Figure("Utilization", "utilization", "%", scale=100),
    _Figure("Worst setup slack", "setup_slack", "ns", _is_met),
    _Figure("Worst hold slack", "hold_slack", "ns", _is_met),
    _Figure("Power", "power", "mW", scale=1000),
    _Figure("Wire length", "wire_length", "µm"),
    _Figure("DRC errors", "drc_errors", "", _is_none),
    _Figure("LVS errors", "lvs_errors", "", _is_none),
    _Figure("Antenna violations", "antenna_violations", "", _is_none),
)
_OF_SIMULATION = (
    _Figure("Errors", "simulation__errors", "", _is_none),
    _Figure("Warnings", "simulation__warnings"),
    _Figure("Simulated time", "simulation__time", "s"),
)


def headline(metrics: Mapping[str, Value]) -> list[FigureView]:
    """Return the main numbers among a job's metrics, those that are there."""
    of_build: Headline = headline_of_build(metrics)
    return [
        *_views(_OF_BUILD, vars(of_build)),
        *_views(_OF_SIMULATION, metrics),
    ]


def _views(
    figures: tuple[_Figure, ...], values: Mapping[str, Value | None]
) -> Iterator[FigureView]:
    for figure in figures:
        value = values.get(figure.key)
        if isinstance(value, int | float):
            yield FigureView(
                name=figure.name,
                value=json_value(value if figure.scale == 1 else value * figure.scale),
                unit=figure.unit,
                good=figure.is_good(value) if figure.is_good else None,
            )
