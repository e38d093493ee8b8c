"""Those to whom a6hub tells of itself, on loopback: what they are sent is decoded and kept."""

import gzip
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Peer:
    """An HTTP server that takes whatever it is sent."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)


@contextmanager
def peer(answer: bytes) -> Iterator[Peer]:
    """Serve until the end of the block."""
    known = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            headers = {name.lower(): value for name, value in self.headers.items()}
            known.requests.append(Received(self.path, headers, body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Span:
    """A span that a collector was sent. Times are nanoseconds; `service` is whose it is."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    began: int
    ended: int
    attributes: dict[str, Any]
    failed: bool


class Collector:
    """Reads spans from what a peer was sent by OTLP over HTTP."""

    def __init__(self, known: Peer) -> None:
        self.url = known.url
        self.peer = known

    def spans(self) -> list[Span]:
        """Return all so far, in the order in which they began."""
        found = [span for one in self.peer.requests for span in _spans(one)]
        return sorted(found, key=lambda span: (span.began, -span.ended))

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans() if span.name == name]


@contextmanager
def collector() -> Iterator[Collector]:
    """Take traces until the end of the block."""
    with peer(ExportTraceServiceResponse().SerializeToString()) as known:
        yield Collector(known)


def _spans(request: Received) -> Iterator[Span]:
    assert request.path == "/v1/traces"
    assert request.headers["content-type"] == "application/x-protobuf"
    for of_resource in ExportTraceServiceRequest.FromString(request.body).resource_spans:
        resource = _plain(of_resource.resource.attributes)
        for scope in of_resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    service=resource["service.name"],
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    began=span.start_time_unix_nano,
                    ended=span.end_time_unix_nano,
                    attributes=_plain(span.attributes),
                    failed=span.status.code == 2,
                )


def _plain(attributes: Sequence[Any]) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


class Sentry:
    """Reads events from what a peer was sent in envelopes."""

    KEY = "0123456789abcdef0123456789abcdef"

    def __init__(self, known: Peer) -> None:
        self.peer = known
        self.dsn = known.url.replace("http://", f"http://{self.KEY}@") + "/42"

    def events(self) -> list[dict[str, Any]]:
        return [event for one in self.peer.requests for event in _events(one)]

    def with_tag(self, name: str, value: str) -> list[dict[str, Any]]:
        return [event for event in self.events() if event.get("tags", {}).get(name) == value]


@contextmanager
def sentry() -> Iterator[Sentry]:
    """Take envelopes until the end of the block."""
    with peer(b"{}") as known:
        yield Sentry(known)


def _events(request: Received) -> Iterator[dict[str, Any]]:
    """Yield the events of an envelope: a line of headers, then for each item one, and its bytes."""
    assert request.path == "/api/42/envelope/"
    assert Sentry.KEY in request.headers["x-sentry-auth"]
    rest = request.body.partition(b"\n")[2]
    while rest:
        line, _, rest = rest.partition(b"\n")
        header = json.loads(line)
        size = header.get("length", rest.find(b"\n"))
        body, rest = rest[:size], rest[size:].lstrip(b"\n")
        if header["type"] == "event":
            yield json.loads(body)
