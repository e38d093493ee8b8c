"""Log lines with fields: for people on a terminal, JSON for machines."""

import contextvars
import io
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

import structlog

from app.core.settings import Settings

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def setup_logging(settings: Settings) -> None:
    """Send every library's log lines and ours through one formatter to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_last(settings),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    _quieten()
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _quieten() -> None:
    # A line for each look at the schema, or for each request of our own client, is noise.
    for name in ("alembic", "httpx2"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # uvicorn brings handlers of its own; its line for each request is ours (app.api.meters).
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"


def _last(settings: Settings) -> list[Any]:
    if settings.log_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    colors = sys.stderr.isatty()
    return [
        _escape_all,
        structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=_write_traceback),
    ]


def _escape_all(_logger: Any, _method: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Leave no text that a terminal would obey, or that would look like a line of ours."""
    fields["event"] = _escape_lines(str(fields["event"]))
    for name, value in fields.items():
        if isinstance(value, str) and name != "event" and not value.isprintable():
            fields[name] = _Quoted(value)
    return fields


@dataclass(frozen=True)
class _Quoted:
    """A text that the renderer, which shows some as they are, shows with its escapes."""

    text: str

    def __repr__(self) -> str:
        return repr(self.text)


def _write_traceback(out: TextIO, error: Any) -> None:
    """Write a traceback; the default shows every variable: seconds of work, and secrets."""
    text = io.StringIO()
    structlog.dev.plain_traceback(text, error)
    out.write(_escape_lines(text.getvalue()))


def _escape_lines(text: str) -> str:
    """Escape each line; all but the first are set in, so that none passes for a line of its own."""
    return "\n    ".join(_escape(line) for line in text.split("\n"))


def _escape(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def in_context(target: Callable[[], None]) -> Callable[[], None]:
    """Return what a thread is to run so that its lines have the fields bound here and now."""
    context = contextvars.copy_context()
    return lambda: context.run(target)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
