"""How long jobs that have ended are kept."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from app.core.settings.group import UPKEEP, Group, own


class RetentionSettings(Group):
    """Days, counted from a job's end."""

    section: ClassVar = "Jobs"

    keep_steps_days: float = Field(
        14,
        validation_alias=own("KEEP_STEPS_DAYS"),
        ge=0,
        description="How long the steps of a job that has ended are kept to go on from.",
        json_schema_extra=UPKEEP,
    )
    keep_files_days: float | None = Field(
        None,
        validation_alias=own("KEEP_FILES_DAYS"),
        ge=0,
        description="How long a job that has ended keeps its log and its artifacts. Unset: for "
        "ever.",
        json_schema_extra=UPKEEP,
    )
    keep_jobs_days: float | None = Field(
        None,
        validation_alias=own("KEEP_JOBS_DAYS"),
        ge=0,
        description="How long a job that has ended stays at all; at least as long as its files. "
        "Unset: for ever.",
        json_schema_extra=UPKEEP,
    )
    keep_newest_jobs: int = Field(
        20,
        validation_alias=own("KEEP_NEWEST_JOBS"),
        ge=0,
        description="How many jobs of each project and type stay with their files, however old.",
        json_schema_extra=UPKEEP,
    )

    @model_validator(mode="after")
    def _jobs_outlast_their_files(self) -> Self:
        files, jobs = self.keep_files_days, self.keep_jobs_days
        if files is not None and jobs is not None and jobs < files:
            raise ValueError(
                f"A6HUB_KEEP_JOBS_DAYS={jobs:g} removes jobs with their files before "
                f"A6HUB_KEEP_FILES_DAYS={files:g} would; give it at least as many days"
            )
        return self
