"""What a6hub's processes say of themselves."""

from typing import ClassVar

from pydantic import Field

from app.core.settings.group import Group, own


class LoggingSettings(Group):
    """Log lines on standard error; those of jobs are in `job_logs.py`."""

    section: ClassVar = "Logging"

    log_level: str = Field(
        "INFO",
        validation_alias=own("LOG_LEVEL"),
        description="The least that is written: `DEBUG`, `INFO`, `WARNING`, `ERROR`.",
    )
    log_json: bool = Field(
        False, validation_alias=own("LOG_JSON"), description="Write one JSON object a line."
    )
