"""Around every request: how many, how they were answered and how long that took."""

import time

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.logging import get_logger
from app.jobs.meters import PROCESS

log = get_logger(__name__)

requests = Counter(
    "a6hub_http_requests",
    "Requests answered, by route and not by path.",
    ["method", "route", "status"],
    registry=PROCESS,
)
seconds_to_answer = Histogram(
    "a6hub_http_seconds",
    "Seconds until a request's answer began: a log is followed for as long as its job goes on.",
    ["method", "route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=PROCESS,
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_VERSION = "/api/v1"
#: Asked again and again by programs: no line in the log for each.
QUIET = ("/health", "/metrics")


class Meter:
    """Counts requests when their answers begin, and writes a line for each."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                _count(scope, message["status"], time.monotonic() - began)
            await send(message)

        await self.app(scope, receive, send_and_count)


def method_of(scope: Scope) -> str:
    """Return the method; 'other' for one that a client has made up."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def template_of(scope: Scope) -> str:
    """Return the route's path with its parameters' names; 'none' where there is no route."""
    path: str = getattr(scope.get("route"), "path", "none")
    # A route knows its path within the router that it was included with.
    within = scope["path"].startswith(_VERSION) and path.startswith("/")
    return f"{_VERSION}{path}" if within and not path.startswith(_VERSION) else path


def _count(scope: Scope, status: int, seconds: float) -> None:
    method = method_of(scope)
    route = template_of(scope)
    requests.labels(method, route, str(status)).inc()
    seconds_to_answer.labels(method, route).observe(seconds)
    if not scope["path"].startswith(QUIET):
        log.info(
            "request",
            method=method,
            route=route,
            path=scope["path"],
            status=status,
            seconds=round(seconds, 4),
        )
