"""Faults of our own, told to Sentry where the settings name one. Without it, it is not imported.

What is told is where in the code it was, the kind of error, and the ids of request, user, job and
attempt. No error's words (they may quote a design or a row), no variables, bodies, headers or lines
of the log: those stay in the log, where the ids find them.
"""

import logging
import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from structlog.contextvars import get_contextvars

from app import __version__
from app.core.errors import A6hubError
from app.core.logging import get_logger
from app.core.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk._types import DataCollectionUserOptions, KeyValueCollectionBehaviour
    from sentry_sdk.types import Event, Hint

log = get_logger(__name__)

#: Says of an error whether it is no fault of ours.
Expected = Callable[[BaseException], bool]

#: How long the last faults may take to be sent when a process ends.
LAST_SECONDS = 2.0
#: The same fault is told once in so many seconds: some are met in every round of a loop.
AGAIN_SECONDS = 60.0
_TAGS = ("request", "job", "attempt", "user", "trace")
_KEPT = frozenset(
    {"event_id", "timestamp", "level", "platform", "release", "environment", "server_name"}
    | {"exception", "threads", "sdk"}
)
#: What these loggers say of errors is of the telling itself.
_OF_TELLING = ("opentelemetry", "sentry_sdk", "urllib3")
#: What the SDK may add by itself.
_OFF: "KeyValueCollectionBehaviour" = {"mode": "off"}
_NOTHING: "DataCollectionUserOptions" = {
    "user_info": False,
    "stack_frame_variables": False,
    "database_query_data": False,
    "queues": False,
    "http_bodies": [],
    "http_headers": {"request": _OFF},
    "cookies": _OFF,
    "url_query_params": _OFF,
}


def setup_sentry(settings: Settings, part: str, is_expected: Expected) -> None:
    """Tell faults from now on: what is logged as an error with a traceback, or caught by nobody.

    Not users' errors, nor what `is_expected`. `part`: what this process is. Called after
    setup_logging(); a process that forks calls it afterwards, in its children.
    """
    if settings.sentry_dsn is None:
        return
    import sentry_sdk  # noqa: PLC0415 - only those pay for it who use it
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration  # noqa: PLC0415 - as above
    from sentry_sdk.integrations.threading import ThreadingIntegration  # noqa: PLC0415 - as above
    from sentry_sdk.utils import BadDsn  # noqa: PLC0415 - as above

    try:
        sentry_sdk.init(
            settings.sentry_dsn.get_secret_value(),
            environment=settings.sentry_environment,
            release=f"a6hub@{__version__}",
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[ExcepthookIntegration(), ThreadingIntegration(propagate_scope=False)],
            before_send=_Editor(part, is_expected),
            data_collection=_NOTHING,
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
        )
    except BadDsn as error:
        why = f"SENTRY_DSN is none ({error}); it looks like https://KEY@HOST/NUMBER"
        log.warning("faults are not told to Sentry", why=why)
        return
    logging.getLogger().addHandler(_Teller(logging.ERROR))


def end_sentry() -> None:
    """Send what there is still to send, for LAST_SECONDS at most."""
    if "sentry_sdk" in sys.modules:
        sys.modules["sentry_sdk"].flush(LAST_SECONDS)


class _Teller(logging.Handler):
    """Hands on the errors of log lines."""

    def emit(self, record: logging.LogRecord) -> None:
        error = _error_in(record)
        if error is not None and not record.name.startswith(_OF_TELLING):
            sys.modules["sentry_sdk"].capture_exception(error)


def _error_in(record: logging.LogRecord) -> Exception | None:
    given = record.msg.get("exc_info") if isinstance(record.msg, dict) else record.exc_info
    if given is True:
        given = sys.exc_info()
    found = given[1] if isinstance(given, tuple) else given
    return found if isinstance(found, Exception) else None


class _Editor:
    """Decides what is sent of an error."""

    def __init__(self, part: str, is_expected: Expected) -> None:
        self._part = part
        self._is_expected = is_expected
        self._told: dict[tuple[object, ...], float] = {}

    def __call__(self, event: "Event", hint: "Hint") -> "Event | None":
        """Return what is sent; None if nothing is."""
        kind, error, trace = hint.get("exc_info") or (None, None, None)
        if error is None or isinstance(error, A6hubError) or self._is_expected(error):
            return None
        if self._was_told(kind, trace):
            return None
        sent: dict[str, Any] = {name: value for name, value in event.items() if name in _KEPT}
        for one in sent["exception"]["values"]:
            one["value"] = ""
        fields = get_contextvars()
        sent["tags"] = {"part": self._part, **_tags(fields)}
        if "user" in fields:
            sent["user"] = {"id": str(fields["user"])}
        return sent  # type: ignore[return-value]  # some of an Event's fields are an Event

    def _was_told(self, kind: object, trace: TracebackType | None) -> bool:
        now, place = time.monotonic(), _place(trace)
        self._told = {key: at for key, at in self._told.items() if now - at < AGAIN_SECONDS}
        return self._told.setdefault((kind, *place), now) != now


def _place(trace: TracebackType | None) -> tuple[str, int]:
    """Return where an error was raised."""
    if trace is None:
        return ("", 0)
    while trace.tb_next is not None:
        trace = trace.tb_next
    return (trace.tb_frame.f_code.co_filename, trace.tb_lineno)


def _tags(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(fields[name]) for name in _TAGS if name in fields}
