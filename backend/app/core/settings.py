"""All settings, read from the environment and `.env`.

Public names (scripts rely on them): REDIS_HOST, REDIS_PORT, CELERY_BROKER_URL,
CELERY_RESULT_BACKEND, MAX_JOB_DURATION_SECONDS. Names of our own may be given with or without the
prefix A6HUB_; secrets may be given as files in SECRETS_DIR, one file per name.
docs/reference/settings.md is made from what is said here: `./a6hub docs`.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, FilePath, SecretStr, model_validator
from pydantic.config import JsonDict
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core.addresses import parse_address
from app.core.images import parse_folders, parse_images, parse_volumes


def _own(name: str) -> AliasChoices:
    return AliasChoices(f"A6HUB_{name}", name)


def _password(secret: SecretStr | None) -> str:
    """Return how a URL gives a password, after the user."""
    return f":{quote(secret.get_secret_value(), safe='')}" if secret else ""


# Which processes read a setting; all of them, if nothing is said.
_API: JsonDict = {"read_by": "API"}
_WORKER: JsonDict = {"read_by": "worker"}
_UPKEEP: JsonDict = {"read_by": "API, worker"}
_FILTER: JsonDict = {"read_by": "`docker-filter`"}
_FILTERED: JsonDict = {"read_by": "worker, `docker-filter`"}
_MIGRATE: JsonDict = {"read_by": "`migrate`"}


class Settings(BaseSettings):
    """The configuration of one process. Durations are seconds, sizes bytes."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # it holds passwords
        populate_by_name=True,
        secrets_dir=os.environ.get("SECRETS_DIR"),
    )

    # Where things are
    data_dir: Path = Field(
        Path("/var/lib/a6hub"),
        validation_alias=_own("DATA_DIR"),
        description="The folder of this machine's own files: work folders, and database and store "
        "unless they are elsewhere.",
    )
    database_url: str = Field(
        "",
        validation_alias=_own("DATABASE_URL"),
        description="SQLAlchemy's URL of the database: `postgresql+psycopg://a6hub@host/a6hub`. "
        "Empty: an SQLite file in the data folder.",
    )
    database_password: SecretStr | None = Field(
        None,
        validation_alias=_own("DATABASE_PASSWORD"),
        description="Put into the database's URL, which then names a user only.",
    )
    redis_host: str = Field(
        "localhost", validation_alias="REDIS_HOST", description="The host on which Redis is."
    )
    redis_port: int = Field(
        6379, validation_alias="REDIS_PORT", ge=1, le=65535, description="Redis's port."
    )
    redis_password: SecretStr | None = Field(
        None, validation_alias="REDIS_PASSWORD", description="Redis's password."
    )
    redis_sentinels: str = Field(
        "",
        validation_alias="REDIS_SENTINELS",
        description="`host:26379 host:26379 ...`: then these are asked where Redis is.",
    )
    redis_master: str = Field(
        "a6hub",
        validation_alias="REDIS_MASTER",
        description="The name by which the Sentinels know Redis.",
    )
    redis_sentinel_password: SecretStr | None = Field(
        None, validation_alias="REDIS_SENTINEL_PASSWORD", description="The Sentinels' password."
    )
    redis_tls: bool = Field(
        False,
        validation_alias="REDIS_TLS",
        description="Whether Redis and its Sentinels are spoken to by TLS. Certificates are always "
        "checked, and the host's name in them.",
    )
    redis_ca_file: FilePath | None = Field(
        None,
        validation_alias="REDIS_CA_FILE",
        description="The certificates of the authorities that may have signed Redis's. Unset: the "
        "machine's own.",
    )
    redis_cert_file: FilePath | None = Field(
        None,
        validation_alias="REDIS_CERT_FILE",
        description="The certificate by which a6hub shows Redis who it is, if that wants one.",
    )
    redis_key_file: FilePath | None = Field(
        None, validation_alias="REDIS_KEY_FILE", description="The key of that certificate."
    )
    celery_broker_url: str = Field(
        "",
        validation_alias="CELERY_BROKER_URL",
        description="Redis's whole address, in place of all `REDIS_...`: `redis://host:6379/0`, "
        "`rediss://` with TLS, `sentinel://`.",
    )
    celery_result_backend: str = Field(
        "",
        validation_alias="CELERY_RESULT_BACKEND",
        description="Where Celery keeps its results. Empty: the broker.",
    )
    store_url: str = Field(
        "",
        validation_alias=_own("STORE_URL"),
        description="`file:///folder` or `s3://bucket/prefix`. Empty: a folder in the data folder.",
    )
    s3_endpoint: str | None = Field(
        None,
        validation_alias="S3_ENDPOINT",
        description="The S3 server's address: `https://host:9000`. Unset: AWS.",
    )
    s3_region: str = Field(
        "us-east-1", validation_alias="S3_REGION", description="The bucket's region."
    )
    s3_access_key: SecretStr | None = Field(
        None, validation_alias="S3_ACCESS_KEY", description="The store's access key."
    )
    s3_secret_key: SecretStr | None = Field(
        None, validation_alias="S3_SECRET_KEY", description="The store's secret key."
    )

    # Jobs
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
        json_schema_extra=_UPKEEP,
    )
    max_running_jobs_per_user: int = Field(
        20,
        validation_alias=_own("MAX_RUNNING_JOBS_PER_USER"),
        ge=1,
        description="How many jobs of each type a user may have running; more wait.",
        json_schema_extra=_UPKEEP,
    )
    lease_seconds: float = Field(
        30,
        validation_alias=_own("LEASE_SECONDS"),
        gt=0,
        description="How long an attempt is left to a worker of which nobody hears.",
        json_schema_extra=_UPKEEP,
    )
    heartbeat_seconds: float = Field(
        10,
        validation_alias=_own("HEARTBEAT_SECONDS"),
        gt=0,
        description="How often a worker extends its leases; at most half of a lease.",
        json_schema_extra=_WORKER,
    )
    upkeep_seconds: float = Field(
        2,
        validation_alias=_own("UPKEEP_SECONDS"),
        gt=0,
        description="How often lost attempts and lost messages are looked for.",
        json_schema_extra=_UPKEEP,
    )
    republish_seconds: float = Field(
        900,
        validation_alias=_own("REPUBLISH_SECONDS"),
        gt=0,
        description="After which time a waiting job's message is sent again in any case.",
        json_schema_extra=_UPKEEP,
    )
    worker_shutdown_grace_seconds: float = Field(
        30,
        validation_alias="WORKER_SHUTDOWN_GRACE_SECONDS",
        ge=0,
        description="How long running jobs have to end after SIGTERM; then they are handed back.",
        json_schema_extra=_WORKER,
    )
    keep_steps_days: float = Field(
        14,
        validation_alias=_own("KEEP_STEPS_DAYS"),
        ge=0,
        description="How long the steps of a job that has ended are kept to go on from.",
        json_schema_extra=_UPKEEP,
    )
    keep_files_days: float | None = Field(
        None,
        validation_alias=_own("KEEP_FILES_DAYS"),
        ge=0,
        description="How long a job that has ended keeps its log and its artifacts. Unset: for "
        "ever.",
        json_schema_extra=_UPKEEP,
    )
    keep_jobs_days: float | None = Field(
        None,
        validation_alias=_own("KEEP_JOBS_DAYS"),
        ge=0,
        description="How long a job that has ended stays at all; at least as long as its files. "
        "Unset: for ever.",
        json_schema_extra=_UPKEEP,
    )
    keep_newest_jobs: int = Field(
        20,
        validation_alias=_own("KEEP_NEWEST_JOBS"),
        ge=0,
        description="How many jobs of each project and type stay with their files, however old.",
        json_schema_extra=_UPKEEP,
    )
    log_head_bytes: int = Field(
        64 << 20,
        validation_alias=_own("LOG_HEAD_BYTES"),
        gt=0,
        description="What is kept of the beginning of a job's log.",
        json_schema_extra=_WORKER,
    )
    log_tail_bytes: int = Field(
        1 << 20,
        validation_alias=_own("LOG_TAIL_BYTES"),
        gt=0,
        description="What is kept of the end of a longer log.",
        json_schema_extra=_WORKER,
    )

    # Executors and tools
    executor: Literal["bubblewrap", "docker", "process"] = Field(
        "bubblewrap",
        validation_alias=_own("EXECUTOR"),
        description="What jobs run in. `process` confines nothing and needs `A6HUB_TRUSTED=1`.",
        json_schema_extra=_WORKER,
    )
    trusted: bool = Field(
        False,
        validation_alias="A6HUB_TRUSTED",
        description="Every user of a6hub may do anything on this machine.",
        json_schema_extra=_WORKER,
    )
    job_memory_bytes: int = Field(
        4 << 30,
        validation_alias=_own("JOB_MEMORY_BYTES"),
        gt=0,
        description="The memory of a command and all that it starts.",
        json_schema_extra=_FILTERED,
    )
    job_processes: int = Field(
        256,
        validation_alias=_own("JOB_PROCESSES"),
        gt=0,
        description="How many processes and threads a command may have.",
        json_schema_extra=_FILTERED,
    )
    job_cpu_seconds: float = Field(
        8 * 3600,
        validation_alias=_own("JOB_CPU_SECONDS"),
        gt=0,
        description="CPU time of all processes of one command together.",
        json_schema_extra=_WORKER,
    )
    job_output_bytes: int = Field(
        16 << 30,
        validation_alias=_own("JOB_OUTPUT_BYTES"),
        gt=0,
        description="What a command may print; the log keeps far less of it.",
        json_schema_extra=_WORKER,
    )
    job_disk_bytes: int = Field(
        16 << 30,
        validation_alias=_own("JOB_DISK_BYTES"),
        gt=0,
        description="What a job's folder may hold.",
        json_schema_extra=_FILTERED,
    )
    docker_host: str = Field(
        "unix:///var/run/docker.sock",
        validation_alias="A6HUB_DOCKER_HOST",
        pattern="^unix:///",
        description="The engine's socket, or better a filter's before it.",
        json_schema_extra=_WORKER,
    )
    docker_images: Annotated[dict[str, str], NoDecode, BeforeValidator(parse_images)] = Field(
        {},
        validation_alias="A6HUB_DOCKER_IMAGES",
        description="The images that jobs may run in, each by its digest: "
        "`default=NAME@sha256:... librelane=NAME@sha256:...`.",
        json_schema_extra=_FILTERED,
    )
    docker_volumes: Annotated[
        tuple[tuple[str, Path], ...], NoDecode, BeforeValidator(parse_volumes)
    ] = Field(
        (),
        validation_alias="A6HUB_DOCKER_VOLUMES",
        description="Of a worker in a container: which volumes or folders of the engine's machine "
        "are where: `VOLUME:/folder ...`.",
        json_schema_extra=_FILTERED,
    )
    docker_shown: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(parse_folders)] = Field(
        (),
        validation_alias="A6HUB_DOCKER_SHOWN",
        description="What a filter before the engine lets jobs see read-only, as the worker knows "
        "it.",
        json_schema_extra=_FILTER,
    )
    docker_runtime: str = Field(
        "",
        validation_alias="A6HUB_DOCKER_RUNTIME",
        description="The engine's runtime for jobs: `runsc` for gVisor. Empty: the engine's own.",
        json_schema_extra=_FILTERED,
    )
    docker_cpus: float = Field(
        4,
        validation_alias="A6HUB_DOCKER_CPUS",
        gt=0,
        description="CPUs of each job, as far as the engine's machine has them.",
        json_schema_extra=_FILTERED,
    )
    flow_python: Path | None = Field(
        None,
        validation_alias=_own("FLOW_PYTHON"),
        description="The Python of an environment with LibreLane. `./a6hub` names its own.",
        json_schema_extra=_WORKER,
    )
    librelane: Literal["auto", "environment", "image"] = Field(
        "auto",
        validation_alias="A6HUB_LIBRELANE",
        description="Where LibreLane is. `auto`: in the image if the executor has images and there "
        "is no environment.",
        json_schema_extra=_WORKER,
    )
    pdk_root: Path | None = Field(
        None,
        validation_alias=_own("PDK_ROOT"),
        description="The folder of the PDKs. `./a6hub` names its own.",
        json_schema_extra=_WORKER,
    )
    pdk: str = Field(
        "",
        validation_alias="A6HUB_PDK",
        description="The PDK of builds that name none. Empty: `sky130A` if it is there, else the "
        "first.",
        json_schema_extra=_WORKER,
    )

    # People
    admin_password: SecretStr | None = Field(
        None,
        validation_alias="A6HUB_ADMIN_PASSWORD",
        description="The password of the first user, `admin`, whom `./a6hub migrate` makes.",
        json_schema_extra=_MIGRATE,
    )
    access_token_seconds: int = Field(
        86400,
        validation_alias=_own("ACCESS_TOKEN_SECONDS"),
        gt=0,
        description="How long a log-in lasts.",
        json_schema_extra=_API,
    )
    max_upload_bytes: int = Field(
        32 << 20,
        validation_alias=_own("MAX_UPLOAD_BYTES"),
        gt=0,
        description="One file, alone or in an archive; or the files of one request together.",
        json_schema_extra=_API,
    )
    max_project_files: int = Field(
        10_000,
        validation_alias=_own("MAX_PROJECT_FILES"),
        gt=0,
        description="The files of a project.",
        json_schema_extra=_API,
    )
    max_project_bytes: int = Field(
        1 << 30,
        validation_alias=_own("MAX_PROJECT_BYTES"),
        gt=0,
        description="The bytes of a project's files.",
        json_schema_extra=_API,
    )
    max_archive_bytes: int = Field(
        64 << 20,
        validation_alias=_own("MAX_ARCHIVE_BYTES"),
        gt=0,
        description="An archive, as it is sent.",
        json_schema_extra=_API,
    )
    max_unpacked_bytes: int = Field(
        512 << 20,
        validation_alias=_own("MAX_UNPACKED_BYTES"),
        gt=0,
        description="All that comes out of an archive, with what is left out of it.",
        json_schema_extra=_API,
    )
    max_archive_entries: int = Field(
        50_000,
        validation_alias=_own("MAX_ARCHIVE_ENTRIES"),
        gt=0,
        description="What an archive may hold: files, folders and what is left out, together.",
        json_schema_extra=_API,
    )
    max_archive_ratio: int = Field(
        200,
        validation_alias=_own("MAX_ARCHIVE_RATIO"),
        gt=1,
        description="Unpacked to packed size, of an archive and of each entry of a zip; it "
        "counts above 8 MiB.",
        json_schema_extra=_API,
    )

    # Monitoring
    flower_basic_auth: SecretStr | None = Field(
        None,
        validation_alias="FLOWER_BASIC_AUTH",
        description="Who may look at Flower: `user:password,user:password`.",
        json_schema_extra={"read_by": "Flower"},
    )
    metrics_token: SecretStr | None = Field(
        None,
        validation_alias="A6HUB_METRICS_TOKEN",
        description="What Prometheus has to send; without it `/metrics` tells nobody anything.",
        json_schema_extra=_UPKEEP,
    )
    worker_metrics: Annotated[tuple[str, int] | None, NoDecode, BeforeValidator(parse_address)] = (
        Field(
            None,
            validation_alias="A6HUB_WORKER_METRICS",
            description="`host:port` on which the process beside a worker serves its metrics.",
            json_schema_extra=_WORKER,
        )
    )

    # Traces and errors: the names are OpenTelemetry's and Sentry's own
    otlp_endpoint: str | None = Field(
        None,
        validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        pattern="^https?://",
        description="The collector that takes traces, by OTLP over HTTP: `http://collector:4318`. "
        "Empty: no traces.",
        json_schema_extra=_UPKEEP,
    )
    otlp_headers: SecretStr | None = Field(
        None,
        validation_alias="OTEL_EXPORTER_OTLP_HEADERS",
        description="What the collector wants to be sent: `name=value,name=value`.",
        json_schema_extra=_UPKEEP,
    )
    sentry_dsn: SecretStr | None = Field(
        None,
        validation_alias="SENTRY_DSN",
        description="The Sentry project that is told of a6hub's own faults. Empty: none.",
        json_schema_extra=_UPKEEP,
    )
    sentry_environment: str = Field(
        "production",
        validation_alias="SENTRY_ENVIRONMENT",
        description="What Sentry shows as the environment.",
        json_schema_extra=_UPKEEP,
    )

    # Logging
    log_level: str = Field(
        "INFO",
        validation_alias=_own("LOG_LEVEL"),
        description="The least that is written: `DEBUG`, `INFO`, `WARNING`, `ERROR`.",
    )
    log_json: bool = Field(
        False, validation_alias=_own("LOG_JSON"), description="Write one JSON object a line."
    )

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
    def _librelane_in_an_image_needs_docker(self) -> "Settings":
        if self.librelane == "image" and self.executor != "docker":
            raise ValueError(
                "A6HUB_LIBRELANE=image needs A6HUB_EXECUTOR=docker, and in A6HUB_DOCKER_IMAGES an "
                "image for `librelane` (docs/docker.md)"
            )
        return self

    @model_validator(mode="after")
    def _worker_metrics_need_a_token(self) -> "Settings":
        if self.worker_metrics and self.metrics_token is None:
            raise ValueError("A6HUB_WORKER_METRICS needs A6HUB_METRICS_TOKEN (docs/monitoring.md)")
        return self

    @model_validator(mode="after")
    def _tls_of_redis_is_whole(self) -> "Settings":
        if self.redis_tls and self.broker_url.startswith("redis://"):
            raise ValueError("REDIS_TLS=1 needs rediss:// in CELERY_BROKER_URL, not redis://")
        if (self.redis_cert_file is None) != (self.redis_key_file is None):
            raise ValueError("REDIS_CERT_FILE and REDIS_KEY_FILE belong together: set both or none")
        for name in ("celery_broker_url", "celery_result_backend"):
            if "ssl_" in urlsplit(getattr(self, name)).query:
                raise ValueError(
                    f"{name.upper()} must not say how TLS is done (ssl_...); REDIS_CA_FILE, "
                    "REDIS_CERT_FILE and REDIS_KEY_FILE do"
                )
        if self.result_backend.startswith("rediss://") and not self.redis_is_encrypted:
            raise ValueError(
                "CELERY_RESULT_BACKEND has rediss://, CELERY_BROKER_URL has not: TLS is for both"
            )
        return self

    @model_validator(mode="after")
    def _heartbeat_fits_the_lease(self) -> "Settings":
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError("A6HUB_HEARTBEAT_SECONDS must be at most half of A6HUB_LEASE_SECONDS")
        return self

    @model_validator(mode="after")
    def _store_is_of_a_known_kind(self) -> "Settings":
        if urlsplit(self.store).scheme not in ("file", "s3"):
            raise ValueError("A6HUB_STORE_URL must begin with file:// or s3://")
        return self

    @model_validator(mode="after")
    def _jobs_outlast_their_files(self) -> "Settings":
        files, jobs = self.keep_files_days, self.keep_jobs_days
        if files is not None and jobs is not None and jobs < files:
            raise ValueError(
                f"A6HUB_KEEP_JOBS_DAYS={jobs:g} removes jobs with their files before "
                f"A6HUB_KEEP_FILES_DAYS={files:g} would; give it at least as many days"
            )
        return self

    @property
    def database(self) -> str:
        """SQLAlchemy URL; an SQLite file in the data folder by default."""
        url = self.database_url or f"sqlite:///{self.data_dir}/a6hub.sqlite3"
        user, at, place = url.partition("@")
        return f"{user}{_password(self.database_password)}@{place}" if at else url

    @property
    def redis_url(self) -> str:
        """Where Redis is, or those are who know, from the settings REDIS_..."""
        secret = f"{_password(self.redis_password)}@" if self.redis_password else ""
        if self.redis_sentinels:
            places = self.redis_sentinels.replace(",", " ").split()
            return ";".join(f"sentinel://{secret}{place}/0" for place in places)
        scheme = "rediss" if self.redis_tls else "redis"
        return f"{scheme}://{secret}{self.redis_host}:{self.redis_port}/0"

    @property
    def redis_is_encrypted(self) -> bool:
        """Whether Redis is spoken to by TLS."""
        return self.redis_tls or self.broker_url.startswith("rediss://")

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
