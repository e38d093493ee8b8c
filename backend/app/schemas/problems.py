"""Errors as RFC 9457 problem JSON."""

from pydantic import BaseModel, Field


class ProblemField(BaseModel):
    """What is wrong with one field of the request."""

    field: str
    message: str


class Problem(BaseModel):
    """An error: `title` names its kind, `detail` says what happened this time."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemField] = Field(default_factory=list)
    request_id: str | None = None
