"""Traces, for a collector of OpenTelemetry's. Without one in the settings this does nothing.

A trace goes from a request over its job's queue to attempts and steps. It travels with the job as a
`traceparent` (W3C Trace Context) in the job's row.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from app.core.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from app.core.spans import Spans

Attributes = Mapping[str, str | int | float | bool]


@dataclass(frozen=True)
class PastSpan:
    """Something that is over, and the parts that it had."""

    name: str
    began: datetime
    ended: datetime
    attributes: Attributes = field(default_factory=dict)
    failed: bool = False
    parts: tuple["PastSpan", ...] = ()


_spans: "Spans | None" = None


def setup_tracing(settings: Settings, part: str) -> None:
    """Begin to trace if the settings name a collector. `part`: what this process is.

    A process that forks does this afterwards, in its children.
    """
    global _spans  # noqa: PLW0603 - one for the process, as its log is
    if settings.otlp_endpoint and _spans is None:
        from app.core.spans import Spans  # noqa: PLC0415 - 0.3 s and 20 MB for who traces alone

        _spans = Spans(settings.otlp_endpoint, settings.otlp_headers, part)


def end_tracing() -> None:
    """Send what there is still to send, for a moment at most, and trace no more."""
    global _spans
    ending, _spans = _spans, None
    if ending is not None:
        ending.close()


def is_tracing() -> bool:
    """Return whether spans are of any use."""
    return _spans is not None


@contextmanager
def span(name: str, parent: str | None = None, *, serving: bool = False) -> Iterator["Span | None"]:
    """Trace what is done in this block; yield None while tracing is off.

    `parent`: a traceparent; without one it is what is being traced around this. `serving`: this is
    the answer to somebody's request.
    """
    if _spans is None:
        yield None
        return
    with _spans.span(name, parent, serving=serving) as begun:
        yield begun


def note(**attributes: str | int) -> None:
    """Add attributes to what is being traced; `__` in a name stands for a dot."""
    if _spans is not None:
        _spans.note({name.replace("__", "."): value for name, value in attributes.items()})


def traceparent() -> str | None:
    """Return how to name what is being traced as a parent; None if nothing is."""
    return None if _spans is None else _spans.traceparent()


def trace_of(parent: str | None) -> dict[str, str]:
    """Return the field of log lines that names the trace of a traceparent; none without one."""
    return {"trace": parent.split("-")[1]} if parent else {}


def record(past: PastSpan, parent: str) -> None:
    """Tell of something that is over, below what a traceparent names."""
    if _spans is not None:
        _spans.record(past, parent)
