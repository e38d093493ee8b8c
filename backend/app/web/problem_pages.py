"""Errors as pages: who opens an address in a browser is told in words, not in JSON."""

import json
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import MEDIA_TYPE
from app.web.frame import templates


class ProblemPages:
    """Turns problem JSON into a page for those who say that they take HTML.

    Scripts, ours on the pages as well, do not say so and get the JSON.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, _Turned(Request(scope), send))


class _Turned:
    """A `send` that keeps a problem until it is whole, and sends a page instead."""

    def __init__(self, request: Request, send: Send) -> None:
        self.request = request
        self.send = send
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if _is_problem(message):
            self.start = message
        elif self.start is None:
            await self.send(message)
        else:
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self.start)

    async def _send_page(self, start: Message) -> None:
        page = _page(self.request, json.loads(self.body), MutableHeaders(scope=start))
        headers = MutableHeaders(scope=start)
        headers["content-type"] = "text/html; charset=utf-8"
        headers["content-length"] = str(len(page))
        await self.send(start)
        await self.send({"type": "http.response.body", "body": page})


def _is_problem(message: Message) -> bool:
    is_start = message["type"] == "http.response.start"
    return is_start and Headers(raw=message["headers"]).get("content-type") == MEDIA_TYPE


def _page(request: Request, problem: dict[str, Any], headers: Headers) -> bytes:
    """Write the page, without the database: that it is away may be the problem."""
    is_asked_again = request.method == "GET" and problem["status"] == 503
    again = headers.get("retry-after") if is_asked_again else None
    template = templates.get_template("problem.html")
    return template.render(request=request, again=again, **problem).encode()
