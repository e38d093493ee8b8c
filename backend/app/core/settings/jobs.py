"""How long jobs run, and when they are tried again."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from app.core.settings.group import UPKEEP, WORKER, Group, own


class JobSettings(Group):
    """Attempts with their leases, and the upkeep that looks after them."""

    section: ClassVar = "Jobs"

    max_job_duration_seconds: int = Field(
        3600,
        validation_alias="MAX_JOB_DURATION_SECONDS",
        gt=120,
        description="How long a job may run; a submitter may ask for less. Redis's visibility "
        "timeout follows from it, an hour more.",
    )
    max_attempts: int = Field(
        3,
        validation_alias="MAX_ATTEMPTS",
        ge=1,
        description="How often a job is tried whose attempts are lost with their workers.",
        json_schema_extra=UPKEEP,
    )
    max_running_jobs_per_user: int = Field(
        20,
        validation_alias=own("MAX_RUNNING_JOBS_PER_USER"),
        ge=1,
        description="How many jobs of each type a user may have running; more wait.",
        json_schema_extra=UPKEEP,
    )
    lease_seconds: float = Field(
        30,
        validation_alias=own("LEASE_SECONDS"),
        gt=0,
        description="How long an attempt is left to a worker of which nobody hears.",
        json_schema_extra=UPKEEP,
    )
    heartbeat_seconds: float = Field(
        10,
        validation_alias=own("HEARTBEAT_SECONDS"),
        gt=0,
        description="How often a worker extends its leases; at most half of a lease.",
        json_schema_extra=WORKER,
    )
    upkeep_seconds: float = Field(
        2,
        validation_alias=own("UPKEEP_SECONDS"),
        gt=0,
        description="How often lost attempts and lost messages are looked for.",
        json_schema_extra=UPKEEP,
    )
    republish_seconds: float = Field(
        900,
        validation_alias=own("REPUBLISH_SECONDS"),
        gt=0,
        description="After which time a waiting job's message is sent again in any case.",
        json_schema_extra=UPKEEP,
    )
    worker_shutdown_grace_seconds: float = Field(
        30,
        validation_alias="WORKER_SHUTDOWN_GRACE_SECONDS",
        ge=0,
        description="How long running jobs have to end after SIGTERM; then they are handed back.",
        json_schema_extra=WORKER,
    )

    @model_validator(mode="after")
    def _heartbeat_fits_the_lease(self) -> Self:
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError("A6HUB_HEARTBEAT_SECONDS must be at most half of A6HUB_LEASE_SECONDS")
        return self
