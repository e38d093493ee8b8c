"""Around every request: an id, an answer to faults of ours, a bound on bodies, safe headers."""

import re
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem, unexpected

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: The most that the body of a request may hold, in bytes, where no file is uploaded.
MAX_BODY = 1 << 20
_UPLOADS = re.compile(r"/api/v1/projects/[^/]+/(files(?P<one>/.*)?|(?P<archive>import))", re.DOTALL)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}


class RequestId:
    """Gives each request an id, in the log lines and in X-Request-ID, and sets safe headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request_id):
            await self.app(scope, receive, send_with_headers)


class Faults:
    """Answers a fault of ours with a problem.

    Starlette's own handler for this lies outside of all middleware, so that its answers and log
    lines would lack the request's id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise  # the server breaks the connection off: a part must not pass for the whole
            await unexpected(Request(scope), error)(scope, receive, send)


class BodyBound:
    """Refuses bodies that are too long before they are parsed.

    Routes parse forms and JSON before they ask who sends them; so this holds for everybody.
    """

    def __init__(self, app: ASGIApp, max_upload: int) -> None:
        self.app = app
        self.max_upload = max_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        limit = self._limit(scope) if scope["type"] == "http" else None
        if limit is None:
            await self.app(scope, receive, send)
        elif _announced(scope) > limit:
            answer = problem(Request(scope), 413, "Too large", _too_long(limit))
            await answer(scope, receive, send)
        else:
            await self.app(scope, _counted(receive, limit), send)

    def _limit(self, scope: Scope) -> int | None:
        """Return the most bytes of the body; None where the route itself counts them."""
        upload = _UPLOADS.fullmatch(scope["path"])
        if upload is None:
            return MAX_BODY
        return None if upload["one"] or upload["archive"] else self.max_upload + MAX_BODY


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _counted(receive: Receive, limit: int) -> Receive:
    """Return `receive` that fails when more than `limit` bytes have come."""
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, _too_long(limit))
        return message

    return receive_counted


def _too_long(limit: int) -> str:
    return f"The body is longer than {limit} bytes."
