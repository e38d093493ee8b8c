"""Every error leaves as RFC 9457 problem JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from app.core.errors import A6hubError, FieldError
from app.core.logging import get_logger
from app.jobs.patience import OUTAGES, note_outage
from app.schemas.problems import Problem, ProblemField

log = get_logger(__name__)

#: When a client should try again after an outage.
RETRY_AFTER_SECONDS = 2
MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "Bad request",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    415: "Wrong media type",
}


@dataclass(frozen=True)
class Kind:
    """A kind of problem, for the document: its name there, its title, what it means."""

    name: str
    title: str
    text: str
    example: str


KINDS = {
    400: Kind("BadRequest", "Bad request", "The body cannot be read.", "The form is cut off."),
    401: Kind(
        "Unauthenticated",
        "Not logged in",
        "No access token was sent, or one that is not valid any more.",
        "Send an access token: Authorization: Bearer ...",
    ),
    403: Kind(
        "Forbidden",
        "Not allowed",
        "You may look but not do this; or another site made a browser send its cookie.",
        "You may read project 7 but not change it.",
    ),
    404: Kind(
        "NotFound",
        "Not found",
        "There is no such thing, or none that you may see.",
        "There is no project 7.",
    ),
    409: Kind(
        "Conflict",
        "Conflict",
        "It is not in a state for this, or somebody changed it at the same moment.",
        "Job 12 has ended already; there is nothing to cancel.",
    ),
    410: Kind(
        "Gone",
        "Gone",
        "It was there, and is kept no more.",
        "The files of job 12 were removed on 2026-01-31 by the retention of 90 days.",
    ),
    413: Kind(
        "TooLarge",
        "Too large",
        "More bytes or files than the settings allow.",
        "The body is longer than 1048576 bytes.",
    ),
    422: Kind(
        "Invalid",
        "Invalid request",
        "`errors` names each field that is wrong, and how to mend it.",
        "body.max_seconds: Input should be greater than or equal to 1",
    ),
    429: Kind(
        "TooMany",
        "Too many requests",
        "Too many passwords or tokens were wrong. `Retry-After` says in how many seconds to try "
        "again.",
        "Too many log-ins have failed; try again in 240 s.",
    ),
    500: Kind(
        "Internal",
        "Internal error",
        "a6hub itself failed. Its log has the cause, under `request_id`.",
        "a6hub itself failed; the operator finds the cause in the log by the request id.",
    ),
    503: Kind(
        "Unavailable",
        "Not available now",
        "Database or store are away, or a6hub is under maintenance. `Retry-After` says in how many "
        "seconds to try again.",
        "Something that a6hub needs, its database or its store, does not answer; try again.",
    ),
}
#: For routes' OpenAPI entries; app.api.document says which of them each route can answer.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "What was wrong with the request", "model": Problem},
    "5XX": {"description": "What failed in a6hub", "model": Problem},
}


def problem(
    request: Request,
    status: int,
    title: str,
    detail: str,
    errors: tuple[FieldError, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an error as a response."""
    body = Problem(
        title=title,
        status=status,
        detail=detail,
        errors=[ProblemField(field=e.field, message=e.message) for e in errors],
        request_id=getattr(request.state, "request_id", None),
    )
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse(body.model_dump(), status, headers, MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Have `app` answer all errors with problems."""
    app.add_exception_handler(A6hubError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_the_framework)
    app.add_exception_handler(IntegrityError, _overtaken)
    for outage in OUTAGES:
        app.add_exception_handler(outage, _away)


def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, A6hubError)  # noqa: S101 - registered for it alone
    later = error.retry_after
    headers = None if later is None else {"Retry-After": str(later)}
    return problem(request, error.status, error.title, error.detail, error.errors, headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    if any(_names_nothing(fault) for fault in error.errors()):
        return problem(request, 404, "Not found", "There is nothing with such an id.")
    fields = tuple(_field(fault) for fault in error.errors())
    detail = "; ".join(f"{f.field}: {f.message}" for f in fields)
    return problem(request, 422, "Invalid request", detail, fields)


def _names_nothing(fault: dict[str, Any]) -> bool:
    """Return whether the fault is an id in the path that no row can have."""
    return bool(fault["loc"]) and fault["loc"][0] == "path"


def _field(fault: dict[str, Any]) -> FieldError:
    where = ".".join(str(part) for part in fault["loc"]) or "body"
    if fault["type"] == "json_invalid":
        return FieldError("body", f"is not JSON: {fault.get('ctx', {}).get('error', '')}")
    message = str(fault["msg"]).removeprefix("Value error, ")
    return FieldError(where, message[:500])


def _of_the_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    title = _TITLES.get(error.status_code, "Error")
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"There is nothing at {request.url.path}."
    return problem(request, error.status_code, title, detail, headers=error.headers)


def _overtaken(request: Request, error: Exception) -> JSONResponse:
    """Answer who met somebody else's change that the database let come first."""
    log.info("request overtaken", path=request.url.path, error=str(error))
    detail = "Somebody changed or deleted the same thing at this moment; look, and try again."
    return problem(request, 409, "Conflict", detail)


def _away(request: Request, error: Exception) -> JSONResponse:
    """Answer while the database or the store is away: it comes back, and nothing was done."""
    note_outage(error)
    log.error("request failed for an outage", path=request.url.path, error=str(error))
    detail = "Something that a6hub needs, its database or its store, does not answer; try again."
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem(request, 503, "Not available now", detail, headers=headers)


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """Return the answer to a fault of ours: the cause goes to the log, not to the client."""
    log.error("request failed", path=request.url.path, exc_info=error)
    detail = "a6hub itself failed; the operator finds the cause in the log by the request id."
    return problem(request, 500, "Internal error", detail)
