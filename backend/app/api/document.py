"""The OpenAPI document: what FastAPI finds, and for every route who may and how it can fail.

FastAPI knows neither, as both are decided within routes. So they follow from a route's form here;
what does not is said at the route, by `responses=` and `openapi_extra=ADMINISTRATORS`. Tests ask
every route as each kind of user, and look up each answer that they get in the document.
"""

from collections.abc import Iterator
from typing import Any

from app.api.problems import KINDS, MEDIA_TYPE
from app.schemas.problems import Problem, ProblemField

ADMINISTRATORS = {"x-who-may": "administrators"}
#: For `responses=`: the body of a problem is added.
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {}}
CONFLICT: dict[int | str, dict[str, Any]] = {409: {}}
GONE: dict[int | str, dict[str, Any]] = {410: {}}
TOO_MANY: dict[int | str, dict[str, Any]] = {429: {}}
UNAUTHENTICATED: dict[int | str, dict[str, Any]] = {401: {}}
#: For `openapi_extra=`: a body that the route reads by itself.
RAW_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {}}}}

_OF_A_PROJECT = ("{project_id}", "{job_id}")


def bytes_of(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route that answers with bytes of these media types."""
    return {200: {"content": {kind: {} for kind in kinds}}}


def complete(document: dict[str, Any]) -> None:
    """Add to the document what FastAPI does not know."""
    document["components"]["responses"] = {
        kind.name: _problem(status) for status, kind in KINDS.items()
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)


def _problem(status: int) -> dict[str, Any]:
    kind = KINDS[status]
    field, _, message = kind.example.partition(": ")
    errors = [ProblemField(field=field, message=message)] if status == 422 else []
    example = Problem(title=kind.title, status=status, detail=kind.example, errors=errors)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": f"{kind.title}. {kind.text}",
        "content": {MEDIA_TYPE: {"schema": schema, "example": example.model_dump()}},
    }


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    words = operation.pop("description", "")
    first, _, rest = words.partition("\n\n")
    summary, _, more = " ".join(first.split()).partition(". ")
    operation["summary"] = summary.removesuffix(".")
    who = operation.setdefault("x-who-may", _who(path, method, operation))
    parts = [more, rest.strip(), f"*Who may:* {who}."]
    operation["description"] = "\n\n".join(filter(None, parts))
    answers = operation["responses"]
    own = {status: answers.pop(status) for status in ("4XX", "5XX") if status in answers}
    if own:
        for status in sorted({*_failures(path, method, operation), *_declared(answers)}):
            answers[str(status)] = {"$ref": f"#/components/responses/{KINDS[status].name}"}
    operation["responses"] = dict(sorted(answers.items()))


def _declared(answers: dict[str, Any]) -> Iterator[int]:
    """Yield the failures that the route itself has named, without a body of its own."""
    for status, answer in answers.items():
        if int(status) >= 400 and "content" not in answer:
            yield int(status)


def _who(path: str, method: str, operation: dict[str, Any]) -> str:
    if "security" not in operation:
        return "everybody, without logging in"
    if not any(name in path for name in _OF_A_PROJECT):
        return "every user"
    if method == "get":
        return "the project's owner and administrators; every user if the project is public"
    return "the project's owner and administrators"


def _failures(path: str, method: str, operation: dict[str, Any]) -> Iterator[int]:
    secured, has_body = "security" in operation, "requestBody" in operation
    places = {one["in"] for one in operation.get("parameters", [])}
    if secured:
        yield from (401, 429)
    if (secured and method != "get") or operation["x-who-may"] == "administrators":
        yield 403
    if secured and method != "get":
        yield 409
    if "path" in places:
        yield 404
    if has_body:
        yield from (400, 413)
    if has_body or places - {"path"}:
        yield 422
    yield 500
    if path.startswith("/api/"):
        yield 503
