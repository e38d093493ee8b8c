"""What a build came to: the part of a job's details that the toolchain's findings are."""

from pydantic import Field

from app.schemas.base import View


class ViolationView(View):
    """Something that the layout or its timing breaks. `worst` is the worst slack, in `unit`."""

    kind: str
    count: int | None = None
    text: str
    corner: str | None = None
    worst: float | None = None
    unit: str | None = None


class FailureView(View):
    """Why a build failed: the step (None: before its first), the tool's words, what may help."""

    step: str | None = None
    name: str | None = None
    message: str
    hint: str | None = None
    folder: str | None = None


class FindingsView(View):
    """Violations and failure of a build; a job that has no such details has neither.

    `tolerated` is what LibreLane by default only warns of: it makes no verdict worse.
    """

    violations: list[ViolationView] = Field(default_factory=list)
    tolerated: list[ViolationView] = Field(default_factory=list)
    failure: FailureView | None = None
