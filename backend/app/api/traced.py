"""A span around every request: its route and not its path, how it was answered, who asked."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from app.api.meters import QUIET, method_of, template_of
from app.core import tracing


class Traced:
    """Traces requests while tracing is on; lines of the log then have the trace's id.

    A client's own `traceparent` is taken for the parent if it is well-formed; nothing else that a
    client says of traces is believed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        quiet = scope["type"] != "http" or scope["path"].startswith(QUIET)
        if quiet or not tracing.is_tracing():
            await self.app(scope, receive, send)
            return
        parent = Headers(scope=scope).get("traceparent")
        with tracing.span(method_of(scope), parent, serving=True) as span:

            async def send_and_note(message: Message) -> None:
                if span is not None and message["type"] == "http.response.start":
                    span.update_name(f"{method_of(scope)} {template_of(scope)}")
                    span.set_attributes(_of_answer(scope, message["status"]))
                await send(message)

            with bound_contextvars(**tracing.trace_of(tracing.traceparent())):
                await self.app(scope, receive, send_and_note)


def _of_answer(scope: Scope, status: int) -> dict[str, str | int]:
    found: dict[str, str | int] = {
        "http.request.method": method_of(scope),
        "http.route": template_of(scope),
        "http.response.status_code": status,
        "a6hub.request.id": scope["state"]["request_id"],
    }
    return found | ({"error.type": str(status)} if status >= 500 else {})
