"""All settings, read from the environment and `.env`.

Public names (scripts rely on them): REDIS_HOST, REDIS_PORT, CELERY_BROKER_URL,
CELERY_RESULT_BACKEND, MAX_JOB_DURATION_SECONDS. Names of our own may be given with or without the
prefix A6HUB_; secrets may be given as files in SECRETS_DIR, one file per name.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core.images import parse_folders, parse_images, parse_volumes


def _own(name: str) -> AliasChoices:
    return AliasChoices(f"A6HUB_{name}", name)


class Settings(BaseSettings):
    """The configuration of one process. Durations are seconds, sizes bytes."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        secrets_dir=os.environ.get("SECRETS_DIR"),
    )

    # Where things are
    data_dir: Path = Field(Path("/var/lib/a6hub"), validation_alias=_own("DATA_DIR"))
    database_url: str = Field("", validation_alias=_own("DATABASE_URL"))
    redis_host: str = Field("localhost", validation_alias="REDIS_HOST")
    redis_port: int = Field(6379, validation_alias="REDIS_PORT", ge=1, le=65535)
    redis_password: SecretStr | None = Field(None, validation_alias="REDIS_PASSWORD")
    celery_broker_url: str = Field("", validation_alias="CELERY_BROKER_URL")
    celery_result_backend: str = Field("", validation_alias="CELERY_RESULT_BACKEND")
    store_url: str = Field("", validation_alias=_own("STORE_URL"))
    s3_endpoint: str | None = Field(None, validation_alias="S3_ENDPOINT")
    s3_region: str = Field("us-east-1", validation_alias="S3_REGION")
    s3_access_key: SecretStr | None = Field(None, validation_alias="S3_ACCESS_KEY")
    s3_secret_key: SecretStr | None = Field(None, validation_alias="S3_SECRET_KEY")

    # Jobs
    max_job_duration_seconds: int = Field(3600, validation_alias="MAX_JOB_DURATION_SECONDS", gt=120)
    max_attempts: int = Field(3, validation_alias="MAX_ATTEMPTS", ge=1)
    #: Of each job type; more wait until one has ended.
    max_running_jobs_per_user: int = Field(
        20, validation_alias=_own("MAX_RUNNING_JOBS_PER_USER"), ge=1
    )
    lease_seconds: float = Field(30, validation_alias=_own("LEASE_SECONDS"), gt=0)
    heartbeat_seconds: float = Field(10, validation_alias=_own("HEARTBEAT_SECONDS"), gt=0)
    upkeep_seconds: float = Field(2, validation_alias=_own("UPKEEP_SECONDS"), gt=0)
    republish_seconds: float = Field(900, validation_alias=_own("REPUBLISH_SECONDS"), gt=0)
    worker_shutdown_grace_seconds: float = Field(
        30, validation_alias="WORKER_SHUTDOWN_GRACE_SECONDS", ge=0
    )
    log_head_bytes: int = Field(64 << 20, validation_alias=_own("LOG_HEAD_BYTES"), gt=0)
    log_tail_bytes: int = Field(1 << 20, validation_alias=_own("LOG_TAIL_BYTES"), gt=0)

    # Executors and tools
    executor: Literal["bubblewrap", "docker", "process"] = Field(
        "bubblewrap", validation_alias=_own("EXECUTOR")
    )
    trusted: bool = Field(False, validation_alias="A6HUB_TRUSTED")
    job_memory_bytes: int = Field(4 << 30, validation_alias=_own("JOB_MEMORY_BYTES"), gt=0)
    job_processes: int = Field(256, validation_alias=_own("JOB_PROCESSES"), gt=0)
    #: Of all processes of one command together.
    job_cpu_seconds: float = Field(8 * 3600, validation_alias=_own("JOB_CPU_SECONDS"), gt=0)
    job_output_bytes: int = Field(16 << 30, validation_alias=_own("JOB_OUTPUT_BYTES"), gt=0)
    job_disk_bytes: int = Field(16 << 30, validation_alias=_own("JOB_DISK_BYTES"), gt=0)
    docker_host: str = Field(
        "unix:///var/run/docker.sock", validation_alias="A6HUB_DOCKER_HOST", pattern="^unix:///"
    )
    docker_images: Annotated[dict[str, str], NoDecode, BeforeValidator(parse_images)] = Field(
        {}, validation_alias="A6HUB_DOCKER_IMAGES"
    )
    docker_volumes: Annotated[
        tuple[tuple[str, Path], ...], NoDecode, BeforeValidator(parse_volumes)
    ] = Field((), validation_alias="A6HUB_DOCKER_VOLUMES")
    #: What a filter before the engine lets jobs see read-only, as the worker knows it.
    docker_shown: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(parse_folders)] = Field(
        (), validation_alias="A6HUB_DOCKER_SHOWN"
    )
    docker_runtime: str = Field("", validation_alias="A6HUB_DOCKER_RUNTIME")
    #: For each job, as far as the engine's machine has them.
    docker_cpus: float = Field(4, validation_alias="A6HUB_DOCKER_CPUS", gt=0)
    flow_python: Path | None = Field(None, validation_alias=_own("FLOW_PYTHON"))
    pdk_root: Path | None = Field(None, validation_alias=_own("PDK_ROOT"))

    # People
    access_token_seconds: int = Field(86400, validation_alias=_own("ACCESS_TOKEN_SECONDS"), gt=0)
    max_upload_bytes: int = Field(32 << 20, validation_alias=_own("MAX_UPLOAD_BYTES"), gt=0)
    max_project_files: int = Field(10_000, validation_alias=_own("MAX_PROJECT_FILES"), gt=0)
    max_project_bytes: int = Field(1 << 30, validation_alias=_own("MAX_PROJECT_BYTES"), gt=0)
    #: Of an archive: as it is sent, and all that comes out of it. A file in it is bounded by
    #: max_upload_bytes, as is one that comes alone.
    max_archive_bytes: int = Field(64 << 20, validation_alias=_own("MAX_ARCHIVE_BYTES"), gt=0)
    max_unpacked_bytes: int = Field(512 << 20, validation_alias=_own("MAX_UNPACKED_BYTES"), gt=0)
    #: Files, folders and what is left out, together.
    max_archive_entries: int = Field(50_000, validation_alias=_own("MAX_ARCHIVE_ENTRIES"), gt=0)
    #: Unpacked to packed size.
    max_archive_ratio: int = Field(200, validation_alias=_own("MAX_ARCHIVE_RATIO"), gt=1)

    # Logging
    log_level: str = Field("INFO", validation_alias=_own("LOG_LEVEL"))
    log_json: bool = Field(False, validation_alias=_own("LOG_JSON"))

    @model_validator(mode="before")
    @classmethod
    def _empty_means_default(cls, values: dict[str, object]) -> dict[str, object]:
        """Treat `NAME=` in an environment file as not set."""
        return {key: value for key, value in values.items() if value != ""}

    @model_validator(mode="after")
    def _process_executor_needs_trust(self) -> "Settings":
        if self.executor == "process" and not self.trusted:
            raise ValueError(
                "A6HUB_EXECUTOR=process runs jobs without any confinement; set A6HUB_TRUSTED=1 "
                "if every user of this machine may do anything on it, or use bubblewrap"
            )
        return self

    @model_validator(mode="after")
    def _docker_executor_needs_images(self) -> "Settings":
        if self.executor == "docker" and not self.docker_images:
            raise ValueError(
                "A6HUB_EXECUTOR=docker needs A6HUB_DOCKER_IMAGES, the images that jobs may run in, "
                "such as default=sha256:... (docs/docker.md)"
            )
        return self

    @model_validator(mode="after")
    def _heartbeat_fits_the_lease(self) -> "Settings":
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError("A6HUB_HEARTBEAT_SECONDS must be at most half of A6HUB_LEASE_SECONDS")
        return self

    @property
    def database(self) -> str:
        """SQLAlchemy URL; an SQLite file in the data folder by default."""
        return self.database_url or f"sqlite:///{self.data_dir}/a6hub.sqlite3"

    @property
    def redis_url(self) -> str:
        """Where Redis is, from REDIS_HOST, REDIS_PORT and REDIS_PASSWORD."""
        secret = f":{self.redis_password.get_secret_value()}@" if self.redis_password else ""
        return f"redis://{secret}{self.redis_host}:{self.redis_port}/0"

    @property
    def broker_url(self) -> str:
        """The Celery broker, which also carries the live streams."""
        return self.celery_broker_url or self.redis_url

    @property
    def result_backend(self) -> str:
        """The Celery result backend."""
        return self.celery_result_backend or self.broker_url

    @property
    def store(self) -> str:
        """`file:///folder` or `s3://bucket/prefix`; a folder in the data folder by default."""
        return self.store_url or f"file://{self.data_dir.absolute()}/store"

    @property
    def work_dir(self) -> Path:
        """The folder in which this machine's worker keeps the folders of running attempts."""
        return self.data_dir / "work"


@lru_cache
def get_settings() -> Settings:
    """Return this process's settings, read once."""
    return Settings()
