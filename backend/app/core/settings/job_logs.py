"""How much is kept of a job's output."""

from typing import ClassVar

from pydantic import Field

from app.core.settings.group import WORKER, Group, own


class JobLogSettings(Group):
    """The head and tail of a log; what lies between them is left out."""

    section: ClassVar = "Jobs"

    log_head_bytes: int = Field(
        64 << 20,
        validation_alias=own("LOG_HEAD_BYTES"),
        gt=0,
        description="What is kept of the beginning of a job's log.",
        json_schema_extra=WORKER,
    )
    log_tail_bytes: int = Field(
        1 << 20,
        validation_alias=own("LOG_TAIL_BYTES"),
        gt=0,
        description="What is kept of the end of a longer log.",
        json_schema_extra=WORKER,
    )
