"""What every error must look like."""

from typing import Any

from httpx2 import Response


def assert_problem(answer: Response, status: int, field: str | None = None) -> dict[str, Any]:
    """Check that an answer is problem JSON with this status, naming `field`; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]], problem
    return problem
