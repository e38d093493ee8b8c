"""What a build came to, in a form that can be kept: violations, and why it failed.

`details()` is the one place that writes them as JSON; app.schemas.results reads it.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Violation:
    """Something that the layout or its timing breaks, and how often.

    `kind` is one of violations.KINDS: 'drc.magic', 'setup'. `worst` is the worst slack, in `unit`,
    and `corner` where it is, or where most of them are.
    """

    kind: str
    count: int | None  # None: it is not known how many
    text: str
    corner: str | None = None
    worst: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Failure:
    """Why a build failed. `step` and `name` are None if it failed before its first step.

    `message` is in the tool's own words; `hint` is what mostly helps, if that is known.
    """

    step: str | None
    name: str | None
    message: str
    hint: str | None = None
    #: The step's folder in the run directory.
    folder: str | None = None


def details(
    violations: Sequence[Violation],
    failure: Failure | None,
    tolerated: Sequence[Violation] = (),
) -> dict[str, Any]:
    """Return them as JSON: {"violations": [...], "tolerated": [...], "failure": {...} or None}."""
    return {
        "violations": [_plain(asdict(one)) for one in violations],
        "tolerated": [_plain(asdict(one)) for one in tolerated],
        "failure": _plain(asdict(failure)) if failure else None,
    }


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Leave out numbers that JSON does not have; the texts tell them."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in fields.items()
    }
