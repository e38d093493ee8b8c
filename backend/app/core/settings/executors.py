"""What jobs run in, and what a command may use."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from app.core.settings.group import FILTERED, WORKER, Group, own


class ExecutorSettings(Group):
    """The kind of executor, and limits that are the same for all kinds."""

    section: ClassVar = "Executors and tools"

    executor: Literal["bubblewrap", "docker", "process"] = Field(
        "bubblewrap",
        validation_alias=own("EXECUTOR"),
        description="What jobs run in. `process` confines nothing and needs `A6HUB_TRUSTED=1`.",
        json_schema_extra=WORKER,
    )
    trusted: bool = Field(
        False,
        validation_alias="A6HUB_TRUSTED",
        description="Every user of a6hub may do anything on this machine.",
        json_schema_extra=WORKER,
    )
    job_memory_bytes: int = Field(
        4 << 30,
        validation_alias=own("JOB_MEMORY_BYTES"),
        gt=0,
        description="The memory of a command and all that it starts.",
        json_schema_extra=FILTERED,
    )
    job_processes: int = Field(
        256,
        validation_alias=own("JOB_PROCESSES"),
        gt=0,
        description="How many processes and threads a command may have.",
        json_schema_extra=FILTERED,
    )
    job_cpu_seconds: float = Field(
        8 * 3600,
        validation_alias=own("JOB_CPU_SECONDS"),
        gt=0,
        description="CPU time of all processes of one command together.",
        json_schema_extra=WORKER,
    )
    job_output_bytes: int = Field(
        16 << 30,
        validation_alias=own("JOB_OUTPUT_BYTES"),
        gt=0,
        description="What a command may print; the log keeps far less of it.",
        json_schema_extra=WORKER,
    )
    job_disk_bytes: int = Field(
        16 << 30,
        validation_alias=own("JOB_DISK_BYTES"),
        gt=0,
        description="What a job's folder may hold.",
        json_schema_extra=FILTERED,
    )

    @model_validator(mode="after")
    def _process_executor_needs_trust(self) -> Self:
        if self.executor == "process" and not self.trusted:
            raise ValueError(
                "A6HUB_EXECUTOR=process runs jobs without any confinement; set A6HUB_TRUSTED=1 "
                "if every user of this machine may do anything on it, or use bubblewrap"
            )
        return self
