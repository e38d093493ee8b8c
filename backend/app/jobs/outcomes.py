"""How jobs and attempts end."""

import enum
from dataclasses import dataclass

from app.models import JobStatus


class Reason(enum.StrEnum):
    """Why a job failed."""

    TOOL_FAILED = "tool_failed"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    OUTPUT_LIMIT = "output_limit"
    WORKER_LOST = "worker_lost"
    BAD_INPUT = "bad_input"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


@dataclass(frozen=True)
class Ending:
    """How a job ends. `reason` is None unless it failed or was cancelled."""

    status: JobStatus
    message: str
    reason: Reason | None = None
    verdict: str | None = None
    current_step: str | None = None


@dataclass(frozen=True)
class Loss:
    """How an attempt was lost."""

    reason: Reason
    message: str
