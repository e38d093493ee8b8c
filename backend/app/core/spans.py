"""Spans by OpenTelemetry's SDK. Only `app.core.tracing` uses this, and only where traces are taken.

They are sent by a thread in the background. Those for which there is no room are dropped: a
collector that is away costs spans, never time. Sampling, queues, limits and times are the SDK's own
settings (`OTEL_TRACES_SAMPLER`, `OTEL_BSP_...`).
"""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers
from pydantic import SecretStr

from app import __version__
from app.core.tracing import Attributes, PastSpan

#: How long the last spans may take to be sent when a process ends.
LAST_SECONDS = 2.0
_CONTEXT = TraceContextTextMapPropagator()


class Spans:
    """Makes and sends this process's spans."""

    def __init__(self, endpoint: str, headers: SecretStr | None, part: str) -> None:
        """Send to a collector, with these headers. `part`: what this process is."""
        # While it is away: one line for each batch that is lost, none for each try to send it.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        self._provider = TracerProvider(resource=_resource(part), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_exporter(endpoint, headers)))
        self._tracer = self._provider.get_tracer("a6hub", __version__)

    @contextmanager
    def span(self, name: str, parent: str | None, *, serving: bool) -> Iterator[Span]:
        """Trace a block.

        Errors are told by their type alone: their words may quote what is the user's.
        """
        making = self._tracer.start_as_current_span(
            name,
            _context_of(parent) if parent else None,
            SpanKind.SERVER if serving else SpanKind.INTERNAL,
            record_exception=False,
            set_status_on_exception=False,
        )
        with making as begun:
            try:
                yield begun
            except Exception as error:  # raised again: only its kind is noted
                begun.set_attribute("error.type", type(error).__qualname__)
                raise

    def note(self, attributes: Attributes) -> None:
        """Add attributes to what is being traced."""
        get_current_span().set_attributes(attributes)

    def traceparent(self) -> str | None:
        """Return how to name what is being traced as a parent; None if nothing is."""
        carrier: dict[str, str] = {}
        _CONTEXT.inject(carrier)
        return carrier.get("traceparent")

    def record(self, past: PastSpan, parent: str) -> None:
        """Tell of something that is over, below what a traceparent names."""
        self._record(past, _context_of(parent))

    def close(self) -> None:
        """Send the rest, for LAST_SECONDS at most."""
        # In a thread: the exporter may be in the midst of waiting for a collector that is away.
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(LAST_SECONDS)

    def _record(self, past: PastSpan, context: Context) -> None:
        made = self._tracer.start_span(
            past.name, context, attributes=past.attributes, start_time=_nanoseconds(past.began)
        )
        for part in past.parts:
            self._record(part, set_span_in_context(made, context))
        if past.failed:
            made.set_status(StatusCode.ERROR)
        made.end(_nanoseconds(max(past.began, past.ended)))  # clocks of two machines differ


def _resource(part: str) -> Resource:
    name = os.environ.get("OTEL_SERVICE_NAME") or f"a6hub-{part}"
    return Resource.create({"service.name": name, "service.version": __version__})


def _exporter(endpoint: str, secret: SecretStr | None) -> OTLPSpanExporter:
    headers = parse_env_headers(secret.get_secret_value(), liberal=True) if secret else None
    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", headers=headers)


def _context_of(parent: str) -> Context:
    """Return the context that a traceparent names; that of a new trace if it is malformed."""
    return _CONTEXT.extract({"traceparent": parent}, Context())


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
