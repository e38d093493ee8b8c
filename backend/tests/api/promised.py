"""Every answer that a test gets is one that the OpenAPI document promises for its route."""

import re
from functools import cache
from typing import Any

import httpx2
from fastapi import FastAPI

from app.schemas.problems import Problem


class Promises:
    """What the document says of an application's answers."""

    #: Made once: it is the same for each application, and takes longer than most tests.
    _made: "Promises | None" = None

    @classmethod
    def of(cls, app: FastAPI) -> "Promises":
        cls._made = cls._made or cls(app)
        return cls._made

    def __init__(self, app: FastAPI) -> None:
        self._document = app.openapi()
        self._paths = {
            re.compile(re.sub(r"\\\{path\\\}", ".+", _pattern(path))): operations
            for path, operations in self._document["paths"].items()
        }

    def check(self, response: httpx2.Response) -> None:
        """Fail if this answer is not promised. Pages, and paths that are none, are not looked at."""
        request = response.request
        operation = self._operation(request.method.lower(), request.url.path)
        if operation is None:
            return
        answers = operation["responses"]
        told = f"{response.status_code} for {request.method} {request.url.path}"
        assert str(response.status_code) in answers, f"{told} is not in the document"
        if response.status_code == 204:
            return
        kinds = set(self._resolved(answers[str(response.status_code)]).get("content", {}))
        kind = response.headers.get("content-type", "").partition(";")[0]
        assert kind in kinds, f"{kind}, {told}: the document says {kinds}"
        if kind == "application/problem+json":
            assert Problem.model_validate_json(response.read()).status == response.status_code

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, operations in self._paths.items():
            if pattern.fullmatch(path):
                found: dict[str, Any] | None = operations.get(method)
                return found
        return None

    def _resolved(self, answer: dict[str, Any]) -> dict[str, Any]:
        name = answer.get("$ref", "").rpartition("/")[2]
        found: dict[str, Any] = self._document["components"]["responses"].get(name, answer)
        return found


@cache
def _pattern(path: str) -> str:
    """Return a pattern of a route's paths; one that names a file may hold slashes."""
    literal = re.escape(path)
    return re.sub(r"\\\{(?!path)\w+\\\}", "[^/]+", literal)
